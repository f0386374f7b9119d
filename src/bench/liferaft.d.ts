/** Of npm's `@markwylde/liferaft` what is used here; it has no types of its own. */
declare module '@markwylde/liferaft' {
  export interface LastInfo {
    readonly index: number
    readonly term: number
    readonly committedIndex: number
  }
  export interface LogEntry {
    readonly index: number
    readonly term: number
    committed: boolean
    readonly responses: { readonly address: string; readonly ack: boolean }[]
    readonly command: unknown
  }
  export interface Options {
    readonly address: string
    readonly heartbeat: string
    readonly 'election min': string
    readonly 'election max': string
    readonly Log?: new (node: LifeRaft) => unknown
  }
  export default class LifeRaft {
    static readonly LEADER: number
    readonly address: string
    readonly state: number
    readonly term: number
    constructor(options: Options)
    on(event: string, run: (what: unknown) => void): this
    emit(event: string, ...what: readonly unknown[]): boolean
    join(address: string, write: (packet: unknown, answer: (error?: Error, packet?: unknown) => void) => void): unknown
    promote(): Promise<unknown>
    command(command: unknown): Promise<void>
    end(): boolean
  }
}
