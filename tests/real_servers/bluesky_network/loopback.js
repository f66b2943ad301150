// Preloaded: whatever this process listens at, it listens at loopback. The development network
// would bind all interfaces.
const net = require('net')

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...given) {
  const [first] = given
  const done = given.filter((each) => typeof each === 'function')
  if (first && typeof first === 'object') {
    return first.path ? listen.apply(this, given) : listen.call(this, { ...first, host: '127.0.0.1' }, ...done)
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return listen.apply(this, given)
  return listen.call(this, { port: typeof first === 'function' ? 0 : Number(first || 0), host: '127.0.0.1' }, ...done)
}
