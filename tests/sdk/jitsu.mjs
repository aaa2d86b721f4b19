import { jitsuAnalytics } from '@jitsu/js'
import { context } from './context.mjs'

export const jitsu = async ({ host, writeKey, person }) => {
  const lost = []
  const analytics = jitsuAnalytics({ host, writeKey: `${writeKey}:-`, s2s: true, errorPolicy: (error) => lost.push(error) })
  await analytics.setAnonymousId(`${person}-1`)
  await analytics.identify(person, { email: `${person}@shop.example`, plan: 'gold' })
  await analytics.page({ name: 'Pricing', path: '/pricing', context })
  await analytics.group('g-1', { name: 'Example Ltd' })
  await analytics.track('Order Completed', { revenue: 12.5, context })
  return lost
}
