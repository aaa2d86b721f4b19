import { Analytics } from '@segment/analytics-node'
import { tell } from './story.mjs'

export const segment = async ({ host, writeKey, person, at }) => {
  const analytics = new Analytics({ host, writeKey })
  const lost = []
  analytics.on('error', (error) => lost.push(error))
  tell(analytics, { person, at })
  await analytics.closeAndFlush({ timeout: 20_000 })
  return lost
}
