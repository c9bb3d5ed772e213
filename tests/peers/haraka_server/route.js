// Takes every mail, and sends each to where route.ini says: to the gateway what is for its domains, else to the sink.
'use strict'

exports.register = function () {
    this.gateway = this.config.get('route.ini').main
    this.register_hook('rcpt', 'take')
    this.register_hook('get_mx', 'route')
}

exports.take = function (next, connection) {
    connection.relaying = true
    next(OK)
}

exports.route = function (next, hmail, domain) {
    const { port, name, domains, sink } = this.gateway
    const isForGateway = new RegExp(`^(?:${domains})$`, 'i').test(domain)
    // from_dns: the name that the certificate must have
    next(OK, isForGateway ? { priority: 0, exchange: '127.0.0.1', port: Number(port), from_dns: name } :
        { priority: 0, exchange: '127.0.0.1', port: Number(sink) })
}
