import RudderAnalytics from '@rudderstack/rudder-sdk-node'
import { tell } from './story.mjs'

export const rudderstack = async ({ host, writeKey, person, at }) => {
  const lost = []
  const analytics = new RudderAnalytics(writeKey, { dataPlaneUrl: host, errorHandler: (error) => lost.push(error) })
  tell(analytics, { person, at })
  await analytics.flush()
  return lost
}
