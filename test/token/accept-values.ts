// What kube-apiserver answers to an `Accept` value, by document. Where a row is from:
//   route.go    Route.matchesAccept of go-restful v3, as vendored: kubernetes/kubernetes
//               vendor/github.com/emicklei/go-restful/v3/route.go (it trims spaces alone, drops parameters with the
//               quality, compares bytes, and knows of ranges the full one only)
//   jsr311.go   RouterJSR311.detectRoute beside it: `Header.Get`, and no value is the full range
//   route_test  emicklei/go-restful route_test.go, its media types replaced by these two
//   metadata    kubernetes/kubernetes pkg/routes/openidmetadata.go (what each path produces) and
//               pkg/serviceaccount/openidmetadata_test.go (a client that sends no Accept)
// and where somebody met it: cloudfoundry/uaa#3365, strimzi/strimzi-kafka-oauth#201, ramosbugs/openidconnect-rs#238.

export interface AcceptRow {
  /** Header lines; none: no `Accept` is sent. */
  readonly accept: readonly string[]
  readonly discovery: 200 | 406
  readonly keys: 200 | 406
  readonly source: string
}

const JSON_TYPE = 'application/json'
const KEY_SET_TYPE = 'application/jwk-set+json'

export const ACCEPT_ROWS: readonly AcceptRow[] = [
  { accept: [], discovery: 200, keys: 200, source: 'metadata: http.Get sends none' },
  { accept: [''], discovery: 200, keys: 200, source: 'jsr311.go: an empty value is no value' },
  { accept: ['*/*'], discovery: 200, keys: 200, source: 'route_test TestMatchesAcceptStar' },
  { accept: [JSON_TYPE], discovery: 200, keys: 406, source: 'route_test TestMatchesAcceptXml; openidconnect-rs#238' },
  { accept: [KEY_SET_TYPE], discovery: 406, keys: 200, source: 'metadata' },
  { accept: [`${KEY_SET_TYPE}, ${JSON_TYPE}`], discovery: 200, keys: 200, source: 'route.go: a list, spaces trimmed' },
  { accept: [`${JSON_TYPE}, ${KEY_SET_TYPE}`], discovery: 200, keys: 200, source: 'route.go: any place in a list' },
  { accept: [`${JSON_TYPE},${KEY_SET_TYPE}`], discovery: 200, keys: 200, source: 'route.go' },
  {
    accept: [`text/html, application/xhtml+xml, */*`],
    discovery: 200,
    keys: 200,
    source: 'route_test TestMatchesAcceptIE',
  },
  { accept: ['text/html'], discovery: 406, keys: 406, source: 'route_test TestMatchesAcceptXml' },
  { accept: ['application/*'], discovery: 406, keys: 406, source: 'route.go: no range but the full one' },
  { accept: ['application/*, */*;q=0.1'], discovery: 200, keys: 200, source: 'route.go' },
  { accept: ['*'], discovery: 406, keys: 406, source: 'route.go' },
  { accept: [`${JSON_TYPE};charset=utf-8`], discovery: 200, keys: 406, source: 'route.go: parameters are dropped' },
  { accept: [`${KEY_SET_TYPE} ; q=0.5`], discovery: 406, keys: 200, source: 'route.go: trimmed after the quality' },
  {
    accept: [`${KEY_SET_TYPE};q=0`],
    discovery: 406,
    keys: 200,
    source: 'route.go: a quality of 0 matches all the same',
  },
  { accept: ['*/*;q=0'], discovery: 200, keys: 200, source: 'route.go: a quality of 0 matches all the same' },
  { accept: ['Application/JSON'], discovery: 406, keys: 406, source: 'route.go: case counts' },
  { accept: ['application/JWK-Set+JSON'], discovery: 406, keys: 406, source: 'route.go: case counts' },
  { accept: [`text/html,\t${JSON_TYPE}`], discovery: 406, keys: 406, source: 'route.go: a tab is not trimmed' },
  { accept: [','], discovery: 406, keys: 406, source: 'route.go' },
  {
    accept: [`${JSON_TYPE}`, KEY_SET_TYPE],
    discovery: 200,
    keys: 406,
    source: 'jsr311.go: Header.Get, the first line',
  },
  { accept: [KEY_SET_TYPE, '*/*'], discovery: 406, keys: 200, source: 'jsr311.go: Header.Get, the first line' },
]
