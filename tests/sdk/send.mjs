// Sends one event of each type for the person PERSON to HOST with WRITE_KEY, and fails when any of them is not taken.
import { Analytics } from '@segment/analytics-node'

const { HOST: host, WRITE_KEY: writeKey, PERSON: person } = process.env
const analytics = new Analytics({ host, writeKey, maxRetries: 2 })
const lost = []
analytics.on('error', (error) => lost.push(error))

const context = {
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  page: { url: 'https://shop.example/kettle?utm_source=google&utm_medium=cpc&utm_campaign=spring' },
}
analytics.identify({ userId: person, anonymousId: `${person}-1`, traits: { email: `${person}@shop.example` } })
analytics.page({ userId: person, name: 'Pricing', properties: { path: '/pricing' }, context })
analytics.screen({ userId: person, name: 'Home', context })
analytics.track({ anonymousId: `${person}-2`, event: 'Product Added', context })
analytics.alias({ userId: person, previousId: `${person}-2` })
analytics.group({ userId: person, groupId: 'g-1', traits: { name: 'Example Ltd' } })
analytics.track({ userId: person, event: 'Order Completed', properties: { revenue: 12.5 }, timestamp: new Date() })

await analytics.closeAndFlush({ timeout: 10_000 })
if (lost.length) {
  console.error(lost)
  process.exit(1)
}
