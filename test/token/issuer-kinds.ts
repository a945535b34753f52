// Issuers as they are met in the field, as data: where their documents are, in which media types and codings, under
// which headers, and whom they turn away. The first is the one that everything else is tested against.
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { type Access, DISCOVERY_PATH, KEYS_PATH, MEDIA_TYPES } from '../../dev/api-server.ts'

export interface IssuerKind {
  /** The issuer's path, a slash at its end where the real one has it. */
  readonly suffix?: string
  /** Below the origin. */
  readonly keysPath?: string
  /** Media types; default those of kube-apiserver. */
  readonly types?: { readonly discovery: string; readonly keys: string }
  /** Refuses what kube-apiserver refuses; without it every `Accept` is answered. */
  readonly negotiates?: true
  readonly access?: Access
  /** Members of the discovery document besides Kubernetes' five. */
  readonly discovery?: Readonly<Record<string, unknown>>
  readonly cacheControl?: string
  /** 403 to requests without `User-Agent`. */
  readonly wantsUserAgent?: true
  /** Sent whatever `Accept-Encoding` says. */
  readonly coding?: { readonly name: string; readonly encode: (body: Buffer) => Buffer }
  /** A cache in front: it goes on serving the key set that it first served, with this `Age`. */
  readonly staleAgeSeconds?: number
  /** The key set never comes, or its connection is cut within it. */
  readonly transfer?: 'never' | 'cut'
}

const JSON_ONLY = { discovery: 'application/json', keys: 'application/json' }
const UTF8 = { discovery: 'application/json; charset=UTF-8', keys: 'application/json; charset=UTF-8' }

/** Kubernetes 1.12 to 1.17 published no discovery: AWS's document of that time, which EKS still has. */
const EKS_DISCOVERY = {
  authorization_endpoint: 'urn:kubernetes:programmatic_authorization',
  claims_supported: ['sub', 'iss'],
}

const kinds = {
  /** kubeadm, kind, k3s, RKE2, Talos, OpenShift: the API server itself. kubernetes/kubernetes pkg/routes/openidmetadata.go */
  'kube-apiserver': { negotiates: true },
  /** The same with `--anonymous-auth=false`: 401. */
  'anonymous-off': { negotiates: true, access: 'authenticated' },
  /** The same without a binding of `system:service-account-issuer-discovery`: 403. */
  unbound: { negotiates: true, access: 'bound' },
  /** aws/containers-roadmap#2234 (place of the keys), aws/amazon-eks-pod-identity-webhook SELF_HOSTED_SETUP.md (members) */
  eks: {
    suffix: '/id/EXAMPLED539D4633E53DE1B71EXAMPLE',
    keysPath: '/id/EXAMPLED539D4633E53DE1B71EXAMPLE/keys',
    types: JSON_ONLY,
    discovery: EKS_DISCOVERY,
  },
  /** cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters: well-known and getJwks */
  gke: {
    suffix: '/v1/projects/p/locations/europe-west1/clusters/c',
    keysPath: '/v1/projects/p/locations/europe-west1/clusters/c/jwks',
    types: UTF8,
    discovery: {
      claims_supported: ['iss', 'sub', 'kubernetes.io'],
      grant_types: ['urn:kubernetes:grant_type:programmatic_authorization'],
    },
  },
  /** The issuer ends in a slash, its keys are below it. azure.github.io/azure-workload-identity, oidc-issuer.html */
  aks: {
    suffix: '/00000000-0000-0000-0000-000000000001/00000000-0000-0000-0000-000000000002/',
    keysPath: `/00000000-0000-0000-0000-000000000001/00000000-0000-0000-0000-000000000002${KEYS_PATH}`,
    types: JSON_ONLY,
  },
  /** Documents copied to a bucket without a media type. aws/amazon-eks-pod-identity-webhook SELF_HOSTED_SETUP.md */
  bucket: {
    suffix: '/bucket/',
    keysPath: '/bucket/keys.json',
    types: { discovery: 'binary/octet-stream', keys: 'binary/octet-stream' },
    discovery: EKS_DISCOVERY,
  },
  /** AWSManagedRulesCommonRuleSet, NoUserAgent_HEADER. lmammino/oidc-authorizer#22, wavelog/wavelog#3197 */
  waf: { negotiates: true, wantsUserAgent: true },
  /** Codings that were not asked for. ccpgames/sso-issues#81 (br on a key set), modelcontextprotocol/typescript-sdk#2408 (gzip) */
  'cdn-gzip': { negotiates: true, coding: { name: 'gzip', encode: gzipSync } },
  'cdn-x-gzip': { negotiates: true, coding: { name: 'x-gzip', encode: gzipSync } },
  'cdn-deflate': { negotiates: true, coding: { name: 'deflate', encode: deflateSync } },
  'cdn-br': { negotiates: true, coding: { name: 'br', encode: brotliCompressSync } },
  'cdn-identity': { negotiates: true, coding: { name: 'identity', encode: (body) => body } },
  /** Codings that no host decodes, and two in a row. */
  'cdn-zstd': { negotiates: true, coding: { name: 'zstd', encode: zstdCompressSync } },
  'cdn-twice': { negotiates: true, coding: { name: 'gzip, br', encode: (body) => brotliCompressSync(gzipSync(body)) } },
  /** Codings in name only: cut, with bytes behind the end, or not there at all. */
  'gzip-cut': { negotiates: true, coding: { name: 'gzip', encode: (body) => gzipSync(body).subarray(0, -9) } },
  'gzip-and-more': {
    negotiates: true,
    coding: { name: 'gzip', encode: (body) => Buffer.concat([gzipSync(body), Buffer.from('more')]) },
  },
  'deflate-and-more': {
    negotiates: true,
    coding: { name: 'deflate', encode: (body) => Buffer.concat([deflateSync(body), Buffer.from('more')]) },
  },
  'br-and-more': {
    negotiates: true,
    coding: { name: 'br', encode: (body) => Buffer.concat([brotliCompressSync(body), Buffer.from('more')]) },
  },
  'not-gzip': { negotiates: true, coding: { name: 'gzip', encode: (body) => body } },
  'not-deflate': { negotiates: true, coding: { name: 'deflate', encode: (body) => body } },
  'not-br': { negotiates: true, coding: { name: 'br', encode: (body) => body } },
  /** A few hundred bytes that become the document and megabytes of blanks behind it. */
  'gzip-bomb': { negotiates: true, coding: { name: 'gzip', encode: (body) => gzipSync(padded(body)) } },
  'deflate-bomb': { negotiates: true, coding: { name: 'deflate', encode: (body) => deflateSync(padded(body)) } },
  'br-bomb': { negotiates: true, coding: { name: 'br', encode: (body) => brotliCompressSync(padded(body)) } },
  'stale-cdn': { negotiates: true, staleAgeSeconds: 3000 },
  slow: { negotiates: true, transfer: 'never' },
  cut: { negotiates: true, transfer: 'cut' },
} as const satisfies Record<string, IssuerKind>

export type IssuerKindName = keyof typeof kinds

export const ISSUER_KINDS: Readonly<Record<IssuerKindName, IssuerKind>> = kinds

export const NATIVE_TYPES = { discovery: MEDIA_TYPES[DISCOVERY_PATH] ?? '', keys: MEDIA_TYPES[KEYS_PATH] ?? '' }

/** 16 MiB: blanks are JSON, so it is the bound on bytes that ends it. */
const PADDING = Buffer.alloc(16 * 1024 * 1024, ' ')

function padded(body: Buffer): Buffer {
  return Buffer.concat([body, PADDING])
}
