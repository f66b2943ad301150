// Bluesky's own development network: directory (PLC), personal data server (PDS), AppView, and a
// stream as Jetstream's.
//   node --require ./loopback.js network.js PDS_PORT APPVIEW_PORT STREAM_PORT
const { TestNetwork } = require('@atproto/dev-env')
const { serve } = require('./stream.js')

const [pdsPort, appviewPort, streamPort] = process.argv.slice(2).map(Number)

async function main() {
  await TestNetwork.create({
    pds: { port: pdsPort, hostname: 'localhost', enableDidDocWithSession: true, rateLimitsEnabled: true },
    bsky: { port: appviewPort },
    dbPostgresSchema: 'molva',
  })
  // Opened last: whoever waits for it waits for all.
  serve(`ws://localhost:${pdsPort}`, streamPort)
  process.on('SIGTERM', () => process.exit(0))
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
