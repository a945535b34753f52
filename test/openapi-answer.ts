// Holds an answer of the gateway against its own description: the status, the headers and the body must be described for
// that operation, and the body must have no member that is not. Knows the part of JSON Schema that the description uses.

type Json = null | boolean | number | string | readonly Json[] | JsonObject
interface JsonObject {
  readonly [name: string]: Json | undefined
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly [kind: string]: JsonObject }
}

interface Operation {
  readonly operationId: string
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonObject }>> }
  readonly responses: Readonly<Record<string, Described>>
}

interface Described extends JsonObject {
  readonly headers?: Readonly<Record<string, JsonObject>>
  readonly content?: Readonly<Record<string, { readonly schema: JsonObject }>>
}

interface Asked {
  readonly method: string
  readonly path: string
}

interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** What any route answers, and no operation describes: there is no such operation. */
const WITHOUT_OPERATION: ReadonlyMap<number, string> = new Map([
  [404, 'route_unknown'],
  [405, 'method_not_allowed'],
])

/** Everything that the description does not allow; empty for an answer that it describes. */
export function findUndescribed(api: OpenApi, asked: Asked, answered: Answered): readonly string[] {
  const { status, headers, text } = answered
  const operation = operationFor(api, asked)
  const type = headers.get('Content-Type')
  if (operation === undefined) {
    const code = (JSON.parse(text) as { code?: string }).code
    if (WITHOUT_OPERATION.get(status) !== code) return [`${status} ${code} of a route that is not described`]
    return checkValue(api, { $ref: '#/components/schemas/Problem' }, JSON.parse(text), 'body')
  }
  const at = `${operation.operationId} ${status}`
  const response = resolve(api, operation.responses[String(status)] ?? {}) as Described
  if (response['description'] === undefined) return [`${at} is not described: ${text.slice(0, 200)}`]
  const problems: string[] = []
  for (const name of ['ETag', 'WWW-Authenticate', 'Retry-After'])
    if (headers.has(name) && response.headers?.[name] === undefined) problems.push(`${at}: ${name} is not described`)
  for (const [name, header] of Object.entries(response.headers ?? {}))
    if (resolve(api, header)['required'] === true && !headers.has(name)) problems.push(`${at}: ${name} is missing`)
  if (response.content === undefined) return text === '' ? problems : [...problems, `${at}: a body is not described`]
  const schema = response.content[type ?? '']?.schema
  if (schema === undefined) return [...problems, `${at}: content of ${type} is not described`]
  return [...problems, ...checkValue(api, schema, JSON.parse(text) as Json, at)]
}

function operationFor(api: OpenApi, { method, path }: Asked): Operation | undefined {
  const asked = new URL(path, 'http://gateway').pathname
  for (const [template, operations] of Object.entries(api.paths)) {
    const pattern = template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')
    if (new RegExp(`^${pattern}$`).test(asked)) return operations[method.toLowerCase()]
  }
  return undefined
}

function resolve(api: OpenApi, value: JsonObject): JsonObject {
  const ref = value['$ref']
  if (typeof ref !== 'string') return value
  const [, , kind = '', name = ''] = ref.split('/')
  const found = api.components[kind]?.[name]
  if (typeof found !== 'object' || found === null) throw new Error(`${ref} refers to nothing`)
  return found as JsonObject
}

const ANNOTATIONS: ReadonlySet<string> = new Set(['description', 'examples', 'title'])
const FORMATS: Readonly<Record<string, RegExp>> = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  uri: /^[a-z][a-z0-9+.-]*:\S+$/,
}

/** Validates; a member of an object that has properties and describes no others is a problem as well. */
export function checkValue(api: OpenApi, schema: JsonObject, value: Json, at: string): readonly string[] {
  const problems = validate(api, schema, value, at)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return problems
  const parts = partsOf(api, schema)
  const isOpen =
    parts.every((part) => part['properties'] === undefined) ||
    parts.some(({ additionalProperties }) => additionalProperties !== undefined && additionalProperties !== false)
  if (isOpen) return problems
  const known = new Set(parts.flatMap((part) => Object.keys((part['properties'] ?? {}) as object)))
  const unknown = Object.keys(value).filter((name) => !known.has(name))
  return [...problems, ...unknown.map((name) => `${at}.${name} is not described`)]
}

/** A schema and all that it is made of by `$ref` and `allOf`. */
function partsOf(api: OpenApi, schema: JsonObject): readonly JsonObject[] {
  const own = resolve(api, schema)
  const all = (own['allOf'] ?? []) as readonly JsonObject[]
  return [own, ...all.flatMap((part) => partsOf(api, part))]
}

function validate(api: OpenApi, schema: JsonObject, value: Json, at: string): readonly string[] {
  const own = resolve(api, schema)
  return Object.entries(own).flatMap(([keyword, rule]) => {
    if (ANNOTATIONS.has(keyword)) return []
    const check = KEYWORDS[keyword]
    if (check === undefined) throw new Error(`The description uses ${keyword}, which this check does not know`)
    return check(api, rule as Json, value, at)
  })
}

type Keyword = (api: OpenApi, rule: Json, value: Json, at: string) => readonly string[]

const unless = (holds: boolean, problem: string): readonly string[] => (holds ? [] : [problem])
const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const KEYWORDS: Readonly<Record<string, Keyword>> = {
  type: (_api, rule, value, at) => unless(typeOf(value, rule) === rule, `${at} is not of type ${rule}`),
  const: (_api, rule, value, at) => unless(value === rule, `${at} is not ${JSON.stringify(rule)}`),
  enum: (_api, rule, value, at) =>
    unless((rule as readonly Json[]).includes(value), `${at} may not be ${JSON.stringify(value)}`),
  pattern: (_api, rule, value, at) =>
    unless(typeof value !== 'string' || new RegExp(String(rule), 'u').test(value), `${at} does not match ${rule}`),
  format: (_api, rule, value, at) =>
    unless(FORMATS[String(rule)]?.test(String(value)) === true, `${at} is not of format ${rule}`),
  minItems: (_api, rule, value, at) => unless((value as readonly Json[]).length >= Number(rule), `${at} is too short`),
  maxItems: (_api, rule, value, at) => unless((value as readonly Json[]).length <= Number(rule), `${at} is too long`),
  minLength: (_api, rule, value, at) => unless(String(value).length >= Number(rule), `${at} is too short`),
  maxLength: (_api, rule, value, at) => unless(String(value).length <= Number(rule), `${at} is too long`),
  required: (_api, rule, value, at) =>
    isObject(value)
      ? (rule as readonly string[])
          .filter((name) => value[name] === undefined)
          .map((name) => `${at}.${name} is missing`)
      : [],
  properties: (api, rule, value, at) =>
    isObject(value)
      ? Object.entries(rule as JsonObject).flatMap(([name, schema]) =>
          value[name] === undefined ? [] : checkValue(api, schema as JsonObject, value[name], `${at}.${name}`),
        )
      : [],
  additionalProperties: (api, rule, value, at) =>
    isObject(rule) && isObject(value)
      ? Object.entries(value).flatMap(([name, member]) => checkValue(api, rule, member as Json, `${at}.${name}`))
      : [],
  items: (api, rule, value, at) =>
    Array.isArray(value)
      ? value.flatMap((item: Json, index) => checkValue(api, rule as JsonObject, item, `${at}[${index}]`))
      : [],
  allOf: (api, rule, value, at) => (rule as readonly JsonObject[]).flatMap((part) => validate(api, part, value, at)),
  oneOf: (api, rule, value, at) => {
    const tried = (rule as readonly JsonObject[]).map((part) => checkValue(api, part, value, at))
    const fits = tried.filter((problems) => problems.length === 0).length
    return unless(fits === 1, `${at} fits ${fits} of ${tried.length}: ${tried.flat().slice(0, 5).join('; ')}`)
  },
}

function typeOf(value: Json, wanted: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return wanted === 'integer' && Number.isInteger(value) ? 'integer' : typeof value
}
