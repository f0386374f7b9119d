/**
 * The state machine of a simulated group: registers, and a hash over everything that was ever applied.
 * @module
 */
import type { Entry } from '../../core/raft/raft.ts'
import { Trace } from '../trace.ts'
import type { RegisterInput, RegisterOutput } from './registers.ts'

/** What a client asks to be written; no two have the same number. */
export interface Command {
  readonly number: number
  readonly input: RegisterInput
}

export const encodeCommand = (command: Command): Uint8Array => encodeJson(command)
/** null for the entry that a leader begins with. */
export const commandOf = (entry: Entry): Command | null =>
  entry.kind === 'command' && entry.data.length > 0 ? (decodeJson(entry.data) as Command) : null

/** A value; applying gives another one. */
export interface Machine {
  readonly appliedIndex: number
  readonly values: Readonly<Record<string, string>>
  /** Equal where the same entries were applied in the same order. */
  readonly hash: string
}
export const emptyMachine: Machine = { appliedIndex: 0, values: {}, hash: '' }

export function applyTo(machine: Machine, entry: Entry): readonly [Machine, RegisterOutput] {
  const trace = new Trace()
  trace.note(entry.term, machine.hash, entry.kind === 'command' ? entry.data : encodeJson(entry.change.changes))
  const next = { ...machine, appliedIndex: entry.index, hash: trace.hash }
  const input = commandOf(entry)?.input ?? null
  if (input === null || input.kind === 'read') return [next, { kind: 'any' }]
  const isSwapped = input.kind === 'write' || machine.values[input.key] === input.from
  const output: RegisterOutput = input.kind === 'write' ? { kind: 'any' } : { kind: 'swapped', isSwapped }
  if (!isSwapped) return [next, output]
  return [{ ...next, values: { ...machine.values, [input.key]: input.value } }, output]
}

export const readFrom = ({ values }: Machine, key: string): RegisterOutput => ({
  kind: 'value',
  value: values[key] ?? null,
})

export const encodeMachine = (machine: Machine): Uint8Array => encodeJson(machine)
export const decodeMachine = (octets: Uint8Array): Machine =>
  octets.length === 0 ? emptyMachine : (decodeJson(octets) as Machine)

const encodeJson = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const decodeJson = (octets: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(octets))
