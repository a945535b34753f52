// What OCSF 1.8.0 asks of the two classes that we write: which members there are, of which type, and which are required. From the
// published schema (branch v1.8.0): classes authentication and base_event, with the objects that we use.

type Kind = 'integer' | 'string' | 'boolean' | 'timestamp' | 'json' | ObjectName | readonly (number | string)[]
interface Shape {
  readonly required: readonly string[]
  /** At least one of them. */
  readonly anyOf?: readonly string[]
  readonly members: Readonly<Record<string, Kind>>
}
type ObjectName = 'metadata' | 'product' | 'user' | 'service' | 'session' | 'authentication_token'

const STATUS_IDS = [0, 1, 2, 99] as const
const SEVERITY_IDS = [0, 1, 2, 3, 4, 5, 6, 99] as const
const COMMON = {
  activity_name: 'string',
  type_uid: 'integer',
  time: 'timestamp',
  severity_id: SEVERITY_IDS,
  status_id: STATUS_IDS,
  status: 'string',
  status_code: 'string',
  status_detail: 'string',
  message: 'string',
  duration: 'integer',
  metadata: 'metadata',
  unmapped: 'json',
} as const satisfies Readonly<Record<string, Kind>>
const REQUIRED = ['activity_id', 'category_uid', 'class_uid', 'type_uid', 'time', 'severity_id', 'metadata'] as const

const CLASSES: Readonly<Record<number, Shape>> = {
  0: {
    required: REQUIRED,
    members: { ...COMMON, class_uid: [0], category_uid: [0], activity_id: [0, 99] },
  },
  3002: {
    required: [...REQUIRED, 'user'],
    anyOf: ['service', 'dst_endpoint'],
    members: {
      ...COMMON,
      class_uid: [3002],
      category_uid: [3],
      activity_id: [0, 1, 2, 3, 4, 5, 6, 7, 99],
      user: 'user',
      service: 'service',
      session: 'session',
      auth_protocol_id: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 99],
      auth_protocol: 'string',
      authentication_token: 'authentication_token',
      logon_type_id: [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 99],
      is_remote: 'boolean',
    },
  },
}

const OBJECTS: Readonly<Record<ObjectName, Shape>> = {
  metadata: {
    required: ['product', 'version'],
    members: { version: ['1.8.0'], product: 'product', log_name: 'string', correlation_uid: 'string' },
  },
  product: {
    required: [],
    anyOf: ['name', 'uid'],
    members: { name: 'string', uid: 'string', vendor_name: 'string', version: 'string' },
  },
  user: {
    required: [],
    anyOf: ['account', 'name', 'uid'],
    members: { name: 'string', uid: 'string', type: 'string', type_id: [0, 1, 2, 3, 4, 99] },
  },
  service: { required: [], anyOf: ['name', 'uid'], members: { name: 'string', uid: 'string' } },
  session: { required: [], members: { uid: 'string', created_time: 'timestamp', expiration_time: 'timestamp' } },
  authentication_token: { required: [], members: { type: 'string', type_id: [0, 1, 2, 3, 99] } },
}

/** Everything that the schema does not allow; empty for a valid event. */
export function checkOcsf(event: unknown): readonly string[] {
  const {
    class_uid: classUid,
    type_uid: typeUid,
    activity_id: activityId,
  } = Object(event) as Readonly<Record<string, number>>
  const shape = CLASSES[classUid ?? -1]
  if (shape === undefined) return [`class_uid ${classUid} is not one of ours`]
  const problems = [...checkShape(shape, event, '')]
  if (typeUid !== Number(classUid) * 100 + Number(activityId))
    problems.push(`type_uid ${typeUid} is not class and activity`)
  return problems
}

function* checkShape({ required, anyOf, members }: Shape, value: unknown, at: string): Iterable<string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return yield `${at} is no object`
  for (const name of required) if (!Object.hasOwn(value, name)) yield `${at}${name} is missing`
  if (anyOf !== undefined && !anyOf.some((name) => Object.hasOwn(value, name)))
    yield `${at} has none of ${anyOf.join(', ')}`
  for (const [name, member] of Object.entries(value)) {
    const kind = Object.hasOwn(members, name) ? members[name] : undefined
    if (kind === undefined) yield `${at}${name} is not a member`
    else yield* checkKind(kind, member, `${at}${name}`)
  }
}

function* checkKind(kind: Kind, value: unknown, at: string): Iterable<string> {
  if (typeof kind === 'object') {
    if (!kind.includes(value as never)) yield `${at} is not one of its values: ${value}`
    return
  }
  switch (kind) {
    case 'string':
    case 'boolean':
      if (typeof value !== kind) yield `${at} is no ${kind}`
      return
    case 'integer':
      if (!Number.isInteger(value)) yield `${at} is no integer`
      return
    case 'timestamp':
      // Milliseconds since the epoch.
      if (!Number.isInteger(value) || Number(value) < 1e12) yield `${at} is no time in milliseconds`
      return
    case 'json':
      return
    default:
      yield* checkShape(OBJECTS[kind], value, `${at}.`)
  }
}
