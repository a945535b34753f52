// Audit records as events of the Open Cybersecurity Schema Framework 1.8.0, for stores of security events that know no other format.
// Logins, serverless requests and refused challenges are Authentication (class 3002); everything else is a Base Event (class 0), which says nothing that is
// not so. The record itself is in `unmapped`, whole.
import { parseInstantMillis, parseInstantSeconds } from '../../core/instant.ts'
import { printableJson } from '../../core/printable.ts'
import { VERSION } from '../../core/version.ts'
import type { AuditRecord, ChallengeRecord, LoginRecord, ServerlessRecord } from './audit.ts'

const SCHEMA_VERSION = '1.8.0'
const AUTHENTICATION = { category_uid: 3, class_uid: 3002 } as const
const ACTIVITY = { logon: 1, preauth: 6, other: 99 } as const
const STATUS = { success: 1, failure: 2 } as const
/** `severity_id`: 1 informational, 2 low, 3 medium, 4 high. */
const SEVERITY = { informational: 1, low: 2, medium: 3, high: 4 } as const
/** Evidence that is an OpenID token; anything else has a protocol of its own name. */
const OPENID = {
  id: 4,
  types: new Set(['k8s_token', 'aws_token', 'azure_msi', 'gcp_iit', 'github', 'custom_jwt']),
} as const
const OTHER_PROTOCOL = 99
/** Somebody used what works once a second time. */
const REPLAYED = 'evidence_replayed'

/** An event of OCSF: the members that its class has, by their names there. */
export type OcsfEvent = Readonly<Record<string, unknown>>

/** Makes the event of a record. */
export function makeOcsfEvent(record: AuditRecord): OcsfEvent {
  switch (record.event) {
    case 'login':
      return makeLogin(record)
    case 'serverless':
      return makeAttestation(record)
    case 'challenge':
      return makePreauth(record)
    default:
      return makeBaseEvent(record)
  }
}

/** Formats a record as one line of JSON, without the newline. Control characters are escaped as in the own format. */
export function formatOcsfLine(record: AuditRecord): string {
  return printableJson(makeOcsfEvent(record))
}

function makeLogin(record: LoginRecord): OcsfEvent {
  const { outcome, evidence = [], refusals = [], code, detail, session, policy, clusterId, durationMs } = record
  const isIn = outcome === 'admitted'
  const reason = isIn ? 'accepted' : (refusals[0]?.code ?? code ?? 'login_refused')
  const isReplay = refusals.some((refusal) => refusal.code === REPLAYED)
  return {
    ...AUTHENTICATION,
    ...makeActivity(AUTHENTICATION.class_uid, ACTIVITY.logon, 'Logon'),
    ...makeHead(record),
    severity_id: isReplay ? SEVERITY.high : isIn ? SEVERITY.informational : SEVERITY.low,
    ...makeStatus(isIn, reason, isIn ? undefined : (refusals[0]?.detail ?? detail)),
    message: isIn ? `Login admitted by policy ${policy}` : `Login refused: ${reason}`,
    duration: durationMs,
    user:
      session === undefined
        ? UNKNOWN_USER
        : { uid: session.subject, name: session.subject, type_id: 4, type: 'Service' },
    service: makeService(clusterId),
    ...makeProtocol(evidence.map(({ type }) => type)),
    logon_type_id: 3,
    is_remote: true,
    ...(session === undefined ? {} : { session: makeSession(record.time, session) }),
  }
}

/** Evidence that gave an identity, or did not. It opens no session, so that the activity is none that the class names. */
function makeAttestation(record: ServerlessRecord): OcsfEvent {
  const { outcome, evidence = [], refusals = [], code, detail, spiffeId, policy, clusterId, durationMs } = record
  const isGranted = outcome === 'granted'
  const reason = isGranted ? 'granted' : (refusals[0]?.code ?? code ?? 'login_refused')
  const isReplay = refusals.some((refusal) => refusal.code === REPLAYED)
  return {
    ...AUTHENTICATION,
    ...makeActivity(AUTHENTICATION.class_uid, ACTIVITY.other, 'Attestation'),
    ...makeHead(record),
    severity_id: isReplay ? SEVERITY.high : isGranted ? SEVERITY.informational : SEVERITY.low,
    ...makeStatus(isGranted, reason, isGranted ? undefined : (refusals[0]?.detail ?? detail)),
    message: isGranted ? `Identity given by policy ${policy}` : `Identity refused: ${reason}`,
    duration: durationMs,
    user: spiffeId === undefined ? UNKNOWN_USER : { uid: spiffeId, name: spiffeId, type_id: 4, type: 'Service' },
    service: makeService(clusterId),
    ...makeProtocol(evidence.map(({ type }) => type)),
    is_remote: true,
  }
}

function makePreauth(record: ChallengeRecord): OcsfEvent {
  const { code, detail, clusterId, attestor, durationMs } = record
  return {
    ...AUTHENTICATION,
    ...makeActivity(AUTHENTICATION.class_uid, ACTIVITY.preauth, 'Preauth'),
    ...makeHead(record),
    severity_id: SEVERITY.low,
    ...makeStatus(false, code, detail),
    message: `Challenge refused: ${code}`,
    duration: durationMs,
    user: UNKNOWN_USER,
    service: makeService(clusterId),
    ...makeProtocol(attestor === undefined ? [] : [attestor]),
  }
}

function makeBaseEvent(record: Exclude<AuditRecord, LoginRecord | ServerlessRecord | ChallengeRecord>): OcsfEvent {
  const isRefused = 'outcome' in record && record.outcome === 'refused'
  const hasFailed = isRefused || record.event === 'fault' || /_(failed|refused|contested)$/.test(record.event)
  return {
    category_uid: 0,
    class_uid: 0,
    ...makeActivity(0, ACTIVITY.other, record.event),
    ...makeHead(record),
    severity_id: hasFailed ? SEVERITY.medium : SEVERITY.informational,
    ...makeStatus(!hasFailed, 'code' in record && record.code !== undefined ? record.code : record.event, undefined),
    message: `Postern: ${record.event}`,
  }
}

const UNKNOWN_USER = { name: 'unknown', type_id: 0 } as const

function makeHead(record: AuditRecord): OcsfEvent {
  const millis = parseInstantMillis(record.time)
  return {
    time: millis ?? 0,
    metadata: {
      version: SCHEMA_VERSION,
      product: { name: 'Postern', vendor_name: 'Postern', version: VERSION },
      log_name: 'audit',
      ...('requestId' in record ? { correlation_uid: record.requestId } : {}),
    },
    unmapped: record,
  }
}

function makeActivity(classUid: number, id: number, name: string): OcsfEvent {
  return { activity_id: id, activity_name: name, type_uid: classUid * 100 + id }
}

function makeStatus(isSuccess: boolean, code: string, detail: string | undefined): OcsfEvent {
  return {
    status_id: isSuccess ? STATUS.success : STATUS.failure,
    status: isSuccess ? 'Success' : 'Failure',
    status_code: code,
    ...(detail === undefined ? {} : { status_detail: detail }),
  }
}

function makeService(clusterId: string | undefined): OcsfEvent {
  return clusterId === undefined ? { name: 'postern' } : { name: 'postern', uid: clusterId }
}

/** Of several pieces the first one: the class has one protocol. */
function makeProtocol([first]: readonly string[]): OcsfEvent {
  if (first === undefined) return {}
  return OPENID.types.has(first)
    ? {
        auth_protocol_id: OPENID.id,
        auth_protocol: 'OpenID',
        authentication_token: { type_id: 3, type: 'Identity Token' },
      }
    : { auth_protocol_id: OTHER_PROTOCOL, auth_protocol: first }
}

function makeSession(time: string, { id, expiresAt }: NonNullable<LoginRecord['session']>): OcsfEvent {
  const expires = parseInstantSeconds(expiresAt)
  const created = parseInstantMillis(time)
  return {
    uid: id,
    ...(created === undefined ? {} : { created_time: created }),
    ...(expires === undefined ? {} : { expiration_time: expires * 1000 }),
  }
}
