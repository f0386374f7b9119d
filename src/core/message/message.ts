/**
 * What devices say to each other, and how they make sure of whom they talk to (paper §2, "messages").
 * @module
 */
export * from './farewell.ts'
export * from './frame.ts'
export * from './hello.ts'
export * from './joining.ts'
export * from './envelope.ts'
export * from './raft-wire.ts'
