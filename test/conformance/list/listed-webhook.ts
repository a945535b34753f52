// The webhook of the list: on loopback without TLS, since workerd takes no authorities; what it answers is in the path.
import {
  answerJson,
  listWebhook,
  type ServerOptions,
  startWebhook,
  type WebhookServer,
} from '../../attest/extension/webhook-server.ts'

export interface ListedWebhooks {
  readonly webhook: WebhookServer
  /** `WEBHOOKS`, which gives it no bearer. */
  readonly setting: string
}

export async function startListedWebhook(options: ServerOptions = {}): Promise<ListedWebhooks> {
  const webhook = await startWebhook(options)
  webhook.answer((bound, response, { url }) => {
    const yes = { ...bound, allow: true }
    switch (url) {
      case '/allow':
        return answerJson(response, { ...yes, attributes: { device_id: 'd-1' } })
      case '/deny':
        return answerJson(response, { ...bound, allow: false, reason: 'stolen' })
      case '/mismatch':
        return answerJson(response, { ...yes, requestId: 'another' })
      case '/invalid':
        return answerJson(response, { ...yes, attributes: { 'k8s_token.node.name': 'node-1' } })
      case '/text':
        return answerJson(response, yes, 'text/plain')
      default:
        return void response.writeHead(500).end()
    }
  })
  return { webhook, setting: JSON.stringify(listWebhook(webhook.origin)) }
}
