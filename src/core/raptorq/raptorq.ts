/**
 * RaptorQ (RFC 6330): from K symbols any number of others, of which any K + 2 bring the K back, but for one set in a million.
 *
 * Planning is apart from doing: a plan is found from which symbols are at hand and is a list of row operations, which a kernel
 * runs over their octets. `plainKernel` is the reference; `edge/wasm` has the fast one.
 * @module
 */
export * from './codec.ts'
export * from './object.ts'
export { blockParameters, encodingSymbolIdMax, sourceSymbolCountMax } from './parameters.ts'
export * from './plan.ts'
export { type Kernel, type Rows, operation, plainKernel } from './schedule.ts'
