// Why a login is decided as it is: policies in order of nearness, then those that do not apply.
import type { LoginReport } from '../../engine/report.ts'
import { element } from '../element.ts'
import { formatPolicy } from './policy-view.ts'
import { markOf } from './value-view.ts'

/** Policies whose checks are open when an explanation is first shown. */
const OPEN_MAX = 1

export function formatLogin(login: LoginReport): readonly HTMLElement[] {
  if (login.kind !== 'explained') return [element('p', { class: 'quiet' }, EMPTY[login.kind])]
  const { policies, others, othersOmitted, evidence, verdict } = login
  const unread = evidence.filter(({ refusal }) => refusal !== undefined)
  return [
    ...unread.map(({ type, refusal }) =>
      element(
        'p',
        { class: 'why' },
        markOf('failed'),
        element('strong', {}, `${type}: `),
        element('code', {}, refusal?.code ?? ''),
        ` ${refusal?.detail ?? ''}`,
      ),
    ),
    verdict.kind === 'refused' &&
      verdict.unlessVerified !== undefined &&
      element(
        'p',
        { class: 'quiet' },
        `If the signature is invalid: ${verdict.unlessVerified.status} ${verdict.unlessVerified.code}.`,
      ),
    ...policies.map((policy, index) => formatPolicy(policy, index < OPEN_MAX)),
    others.length > 0 &&
      element(
        'details',
        { class: 'others', open: policies.length === 0, data: { key: 'others' } },
        element('summary', {}, `Policies that do not apply (${others.length + othersOmitted})`),
        element(
          'ul',
          {},
          ...others.map(({ name, why, nearMiss }) =>
            element(
              'li',
              {},
              element('strong', {}, name),
              nearMiss && element('span', { class: 'near' }, 'near miss'),
              ` ${why}`,
            ),
          ),
          othersOmitted > 0 && element('li', { class: 'quiet' }, `and ${othersOmitted} more policies`),
        ),
      ),
  ].filter((one) => one !== false)
}

const EMPTY: Readonly<Record<Exclude<LoginReport['kind'], 'explained'>, string>> = {
  no_evidence: 'Paste evidence on the left, or choose a sample, and every policy is explained here, check by check.',
  no_document: 'Add the section with the policies, or choose whether an agent or an issuer logs in.',
  invalid_document: 'Fix the errors of the document: its issues are listed below the editor.',
  refused_body: 'The body is refused as a whole, whatever the policies are.',
}
