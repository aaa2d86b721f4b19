// Makes one call of each kind for the person PERSON with the SDK named by SDK, to HOST with WRITE_KEY; fails when an event is given up, or when
// another host than HOST is asked for.
import { Socket } from 'node:net'
import { jitsu } from './jitsu.mjs'
import { rudderstack } from './rudderstack.mjs'
import { segment } from './segment.mjs'

const { SDK, HOST: host, WRITE_KEY: writeKey, PERSON: person, AT: at } = process.env
const asked = new Set()
const { connect } = Socket.prototype
Socket.prototype.connect = function (...said) {
  const { host, port } = said.flat()[0]
  asked.add(`http://${host}:${port}`)
  return connect.apply(this, said)
}

const lost = await { jitsu, rudderstack, segment }[SDK]({ host, writeKey, person, at: new Date(at) })
asked.delete(host)
if (lost.length || asked.size) {
  console.error(lost, asked)
  process.exit(1)
}
