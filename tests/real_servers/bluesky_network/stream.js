// The commits of a personal data server as Jetstream tells them: JSON over a WebSocket, from the
// time asked for on. Jetstream itself comes in no package.
const { Firehose } = require('@atproto/sync')
const { WebSocketServer } = require('ws')

exports.serve = (service, port) => {
  const events = []
  const listeners = new Set()
  let last = 0

  function take({ did, time, event, collection, rkey, record }) {
    // Times of the firehose are milliseconds; Jetstream's are microseconds, no two the same.
    last = Math.max(Date.parse(time) * 1000, last + 1)
    const commit = { operation: event, collection, rkey, ...(record && { record }) }
    const told = { did, time_us: last, kind: 'commit', commit }
    events.push(told)
    for (const hear of listeners) hear(told)
  }

  let turn = Promise.resolve()
  const firehose = new Firehose({
    service,
    // From the beginning, one after the other.
    runner: { getCursor: () => 0, trackEvent: (_did, _seq, handle) => (turn = turn.then(handle)) },
    handleEvent: take,
    onError: (error) => console.error(error),
    unauthenticatedCommits: true,
    excludeIdentity: true,
    excludeAccount: true,
    excludeSync: true,
  })
  firehose.start()

  const server = new WebSocketServer({ port, host: '127.0.0.1' })
  server.on('connection', (socket, request) => {
    const asked = new URL(request.url, 'http://localhost').searchParams
    const wanted = asked.getAll('wantedCollections')
    const hear = (event) => {
      if (!wanted.length || wanted.includes(event.commit.collection)) socket.send(JSON.stringify(event))
    }
    for (const event of events) if (event.time_us > Number(asked.get('cursor') || 0)) hear(event)
    listeners.add(hear)
    socket.on('close', () => listeners.delete(hear))
  })
}
