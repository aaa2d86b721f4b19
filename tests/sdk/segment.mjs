import { Analytics } from '@segment/analytics-node'
import { context } from './context.mjs'

export const segment = async ({ host, writeKey, person, at }) => {
  const analytics = new Analytics({ host, writeKey })
  const lost = []
  analytics.on('error', (error) => lost.push(error))
  analytics.identify({ userId: person, anonymousId: `${person}-1`, traits: { email: `${person}@shop.example`, plan: 'gold' } })
  analytics.page({ userId: person, name: 'Pricing', properties: { path: '/pricing' }, context })
  analytics.screen({ userId: person, name: 'Home', context })
  analytics.track({ anonymousId: `${person}-2`, event: 'Product Added', context })
  analytics.alias({ userId: person, previousId: `${person}-2` })
  analytics.group({ userId: person, groupId: 'g-1', traits: { name: 'Example Ltd' } })
  analytics.track({ userId: person, event: 'Order Completed', properties: { revenue: 12.5 }, timestamp: at })
  await analytics.closeAndFlush({ timeout: 20_000 })
  return lost
}
