// Stands in for @iobroker/adapter-core: the adapter's states go to standard output instead of a database.
// OWN is the address of the interface to listen on. Prints the net power in W of each datagram.
'use strict';
const { EventEmitter } = require('node:events');

class Adapter extends EventEmitter {
    constructor() {
        super();
        this.namespace = 'sma-em.0';
        this.config = {
            OIP: process.env.OWN, EMIP: '0.0.0.0', BIP: '239.12.255.254', BPO: 9522,
            L1: true, L2: true, L3: true, ext: true, rtP: 1, nrtP: 30,
        };
        const log = (...text) => console.error(...text);
        this.log = { debug() {}, info: log, warn: log, error: log };
        setImmediate(() => this.emit('ready'));
    }
    async getForeignObjectAsync() { return { common: { language: 'en' } }; }
    async setObjectNotExistsAsync() {}
    async delObjectAsync() {}
    getObject(_, done) { done(null); }
    extendObject() {}
    delObject() {}
    async setState(path, value) {
        // Import comes first.
        if (/^\d+\.pregard$/.test(path)) this.import = value;
        if (/^\d+\.psurplus$/.test(path)) console.log((this.import - value).toFixed(1));
    }
}
exports.Adapter = Adapter;
