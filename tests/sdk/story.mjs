// What happens at a shop, told with the methods that the SDKs of the Segment family share for servers.
import { context } from './context.mjs'

export const tell = (analytics, { person, at }) => {
  analytics.identify({ userId: person, anonymousId: `${person}-1`, traits: { email: `${person}@shop.example`, plan: 'gold' } })
  analytics.page({ userId: person, name: 'Pricing', properties: { path: '/pricing' }, context })
  analytics.screen({ userId: person, name: 'Home', context })
  analytics.track({ anonymousId: `${person}-2`, event: 'Product Added', context })
  analytics.alias({ userId: person, previousId: `${person}-2` })
  analytics.group({ userId: person, groupId: 'g-1', traits: { name: 'Example Ltd' } })
  analytics.track({ userId: person, event: 'Order Completed', properties: { revenue: 12.5 }, timestamp: at })
}
