// Links: what is in them, that no signature, private key or secret of a pod is, and that what comes out of one is input.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { PlaygroundEngine } from '../../playground/engine/playground-engine.ts'
import { packShared } from '../../playground/share/select-shared.ts'
import { packState, type SharedState, unpackState } from '../../playground/share/shared-state.ts'
import { stripEvidence } from '../../playground/share/strip-evidence.ts'
import { stripKeys } from '../../playground/share/strip-keys.ts'
import { stripWorkload } from '../../playground/share/strip-workload.ts'
import { encodeBase64url } from '../../src/core/base64.ts'
import { SHARED_LINK_MAX_LENGTH, SHARED_STATE_MAX_BYTES } from '../../src/core/limits.ts'
import { findSample, makeEngine, SETTINGS, situationOf } from './situation.ts'

let engine: PlaygroundEngine
beforeAll(() => {
  engine = makeEngine()
})

const SAMPLE = findSample('kubernetes')
const SIGNATURE = SAMPLE.evidence.split('.')[2] ?? ''
const STATE: SharedState = { ...situationOf('kubernetes'), baseline: undefined, tests: undefined }
const DEFAULTS = { whole: false, workload: true, keys: true } as const

async function open(packed: Awaited<ReturnType<typeof packShared>>): Promise<SharedState> {
  if (!('fragment' in packed)) throw new Error(packed.fault)
  const unpacked = await unpackState(packed.fragment)
  if (unpacked === undefined || !('state' in unpacked)) throw new Error(JSON.stringify(unpacked))
  return unpacked.state
}

/** A fragment of any JSON, as somebody else would make it. */
async function forge(json: unknown): Promise<string> {
  const text = typeof json === 'string' ? json : JSON.stringify(json)
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  return `#v1.${encodeBase64url(new Uint8Array(await new Response(stream).arrayBuffer()))}`
}

describe('a link', () => {
  it('brings everything but the signature, and the verdict says so', async () => {
    const packed = await packShared(STATE, DEFAULTS)
    const opened = await open(packed)
    expect(packed.omitted).toHaveLength(1)
    expect(JSON.stringify(opened)).not.toContain(SIGNATURE)
    expect(opened).toMatchObject({ settings: SETTINGS, documents: STATE.documents, atSeconds: STATE.atSeconds })
    const { login } = await engine.evaluate({ ...opened, atSeconds: STATE.atSeconds ?? 0 })
    expect(login).toMatchObject({ signature: 'unchecked', verdict: { kind: 'undecided', policies: ['eks_agents'] } })
  })

  it('brings the token only where it is asked for', async () => {
    expect((await open(await packShared(STATE, { ...DEFAULTS, whole: true }))).evidence).toBe(SAMPLE.evidence)
  })

  it('leaves out what is not chosen', async () => {
    const opened = await open(await packShared(STATE, { whole: false, workload: false, keys: false }))
    expect(opened).toMatchObject({ keys: '', workload: '' })
  })

  it('keeps a version that was set aside, and the time as now', async () => {
    const state = { ...STATE, baseline: [], atSeconds: undefined }
    expect(await open(await packShared(state, DEFAULTS))).toMatchObject({ baseline: [], atSeconds: undefined })
  })

  it('is as long as the limit, and no longer', async () => {
    // Random text does not compress: three quarters of a character each.
    const random = Array.from(
      crypto.getRandomValues(new Uint8Array(SHARED_LINK_MAX_LENGTH)),
      (byte) => 33 + (byte % 90),
    )
    const text = String.fromCharCode(...random).replaceAll(/["\\]/g, 'x')
    let [fits, exceeds] = [0, text.length]
    while (exceeds - fits > 1) {
      const middle = Math.floor((fits + exceeds) / 2)
      if ('fragment' in (await packState({ ...STATE, workload: text.slice(0, middle) }))) fits = middle
      else exceeds = middle
    }
    const packed = await packState({ ...STATE, workload: text.slice(0, fits) })
    expect('fragment' in packed && packed.fragment.length).toBeGreaterThan(SHARED_LINK_MAX_LENGTH - 10)
    expect('fragment' in packed && packed.fragment.length).toBeLessThanOrEqual(SHARED_LINK_MAX_LENGTH)
    expect('fragment' in packed && (await unpackState(packed.fragment))).toHaveProperty('state')
    expect(await unpackState(`#v1.${'A'.repeat(SHARED_LINK_MAX_LENGTH)}`)).toHaveProperty('fault')
  })

  it('unpacks to as much as the limit, and no more', async () => {
    const pad = (bytes: number) => {
      const empty = { ...STATE, workload: '' }
      return { ...empty, workload: 'x'.repeat(bytes - JSON.stringify(empty).length) }
    }
    expect(await packState(pad(SHARED_STATE_MAX_BYTES))).toHaveProperty('fragment')
    expect(await packState(pad(SHARED_STATE_MAX_BYTES + 1))).toHaveProperty('fault')
    expect(await unpackState(await forge(pad(SHARED_STATE_MAX_BYTES)))).toHaveProperty('state')
    expect(await unpackState(await forge(pad(SHARED_STATE_MAX_BYTES + 1)))).toHaveProperty('fault')
  })

  it.each<[string, () => string | Promise<string>]>([
    ['of another version', () => '#v2.AAAA'],
    ['that is not base64url', () => '#v1.!!!!'],
    ['that is not compressed', () => `#v1.${encodeBase64url(new Uint8Array([1, 2, 3]))}`],
    ['that is cut', async () => (await forge(STATE)).slice(0, -20)],
    ['that is not JSON', () => forge('{')],
    ['with a member twice', () => forge(JSON.stringify(STATE).replace('{', '{"role":"agent",'))],
    ['with an unknown member', () => forge({ ...STATE, more: 1 })],
    ['without a member', () => forge({ ...STATE, evidence: undefined })],
    ['with tests that are not a string', () => forge({ ...STATE, tests: 1 })],
    ['with another role', () => forge({ ...STATE, role: 'admin' })],
    ['with a time that is none', () => forge({ ...STATE, atSeconds: -1 })],
    ['with an unknown setting', () => forge({ ...STATE, settings: { ...SETTINGS, more: 1 } })],
    ['with a setting of another type', () => forge({ ...STATE, settings: { ...SETTINGS, trustDomain: 1 } })],
    ['with an unknown section', () => forge({ ...STATE, documents: [{ scope: 'cluster', section: 'X', text: '' }] })],
    [
      'with a section of another scope',
      () => forge({ ...STATE, documents: [{ scope: 'cluster', section: 'TrustDomain', text: '' }] }),
    ],
    ['with a section twice', () => forge({ ...STATE, documents: [...STATE.documents, ...STATE.documents] })],
    ['with a document with more', () => forge({ ...STATE, documents: [{ ...STATE.documents[0], more: 1 }] })],
  ])('%s is refused with a reason', async (_name, make) => {
    expect(await unpackState(await make())).toMatchObject({ fault: expect.any(String) })
  })

  it.each(['', '#', '#result-pane'])('is not seen in %o', async (fragment) => {
    expect(await unpackState(fragment)).toBeUndefined()
  })

  it('is refused, whatever it holds, without an error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.jsonValue().map((value) => JSON.stringify(value)),
        ),
        async (text) => {
          expect(await unpackState(await forge(text))).toHaveProperty('fault')
          expect(await unpackState(`#v1.${text}`)).toHaveProperty('fault')
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('stripEvidence()', () => {
  const body = (...attestations: object[]) => JSON.stringify({ attestations })
  const token = { type: 'k8s_token', evidence: { token: SAMPLE.evidence } }

  it.each<[string, string]>([
    ['a token', SAMPLE.evidence],
    ['a header with it', `Bearer ${SAMPLE.evidence}`],
    ['a body', body(token)],
    ['a curl command', `curl -d '${body(token)}' https://x.example`],
    ['claims that were stripped before', stripEvidence(SAMPLE.evidence).text],
  ])('keeps the claims of %s', (_name, pasted) => {
    const { text } = stripEvidence(pasted)
    expect(text).toContain('spirl-agent-jv9gn')
    expect(text).not.toContain(SIGNATURE)
  })

  it.each<[string, string]>([
    ['a signed document', findSample('aws-iid').evidence],
    ['a proof', findSample('ssh').evidence],
    ['text', 'eyJ.not.a-token'],
    ['a token of four parts', `${SAMPLE.evidence}.x`],
    ['JSON of another shape', '{"token": "x"}'],
  ])('leaves out %s', (_name, pasted) => {
    const { text, omitted } = stripEvidence(pasted)
    expect(text).toBe('')
    expect(omitted).toHaveLength(1)
  })

  it('keeps what it can of a body', () => {
    const { text, omitted } = stripEvidence(body(token, JSON.parse(findSample('aws-iid').evidence).attestations[0]))
    expect(JSON.parse(text).attestations).toHaveLength(1)
    expect(omitted).toHaveLength(2)
  })

  it('leaves no token in a link, whatever is pasted around it', () => {
    const word = fc.string()
    fc.assert(
      fc.property(word, word, (before, after) => {
        expect(stripEvidence(before + SAMPLE.evidence + after).text).not.toContain(SIGNATURE.slice(0, 40))
      }),
    )
  })
})

describe('stripKeys()', () => {
  it('drops private members', async () => {
    const rsa = {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    }
    const pair = (await crypto.subtle.generateKey(rsa, true, ['sign', 'verify'])) as CryptoKeyPair
    const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey)
    const kept = stripKeys(JSON.stringify({ keys: [jwk] }))
    expect(kept).toContain(jwk.n ?? '')
    for (const secret of [jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi]) expect(kept).not.toContain(secret)
  })

  it('keeps public keys in PEM alone', () => {
    const block = (label: string) => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----`
    expect(stripKeys(`${block('PRIVATE KEY')}\n${block('PUBLIC KEY')}`)).toBe(block('PUBLIC KEY'))
    expect(stripKeys('secret')).toBe('')
  })
})

describe('stripWorkload()', () => {
  it('keeps of a pod what a mapping reads', async () => {
    const pod = JSON.parse(SAMPLE.workload ?? '')
    const applied = { 'kubectl.kubernetes.io/last-applied-configuration': '{"PASSWORD":"hunter2"}', team: 'core' }
    const secret = { env: [{ name: 'PASSWORD', value: 'hunter2' }] }
    const [container] = pod.spec.containers
    const full = {
      ...pod,
      metadata: { ...pod.metadata, annotations: applied },
      spec: { ...pod.spec, containers: [{ ...container, ...secret }], volumes: [{ secret: 'hunter2' }] },
    }
    const kept = stripWorkload(JSON.stringify(full))
    expect(kept).not.toContain('hunter2')
    expect(JSON.parse(kept).metadata.annotations).toEqual({ team: 'core' })
    const map = async (workload: string) => (await engine.evaluate(situationOf('kubernetes', { workload }))).mapping
    expect(await map(kept)).toEqual(await map(JSON.stringify(full)))
  })

  it('keeps attributes, and nothing that is neither', () => {
    expect(JSON.parse(stripWorkload('{"attributes": {"a": "b"}, "more": 1}'))).toEqual({ attributes: { a: 'b' } })
    expect(stripWorkload('[1]')).toBe('')
    expect(stripWorkload('text')).toBe('')
  })
})
