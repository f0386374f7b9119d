/**
 * What may never be so in a group (figure 3 of the paper), whatever happens to it.
 * @module
 */
import type { Entry, HardState, Message, NodeId } from '../../core/raft/raft.ts'
import { Trace } from '../trace.ts'
import { commandOf } from './machine.ts'

export class Witness {
  readonly violations: string[] = []
  readonly #leaders = new Map<number, NodeId>()
  readonly #votes = new Map<string, NodeId>()
  readonly #terms = new Map<NodeId, number>()
  readonly #entries = new Map<string, string>()
  readonly #applied = new Map<number, string>()
  readonly #commands = new Set<number>()
  appliedIndexMax = 0

  /** Once: two who lead in one term say so with every message. */
  note(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what)
  }

  get leaderCount(): number {
    return this.#leaders.size
  }

  /** "Election Safety: at most one leader can be elected in a given term." */
  onLeader(id: NodeId, term: number): void {
    const known = this.#leaders.get(term)
    if (known === undefined) this.#leaders.set(term, id)
    else if (known !== id) this.note(`${known} and ${id} both lead in term ${term}`)
  }

  /** The same as the others hear it. */
  onSent(message: Message): void {
    const { kind, from, to } = message
    if (kind === 'voteResponse' && message.isGranted) this.#onVote(from, message.term, to)
    if (kind === 'append' || kind === 'heartbeat' || kind === 'snapshot') this.onLeader(from, message.term)
  }

  /** "If votedFor is null or candidateId": once in a term. */
  onHardState(id: NodeId, { term, votedFor }: HardState): void {
    const before = this.#terms.get(id) ?? 0
    if (term < before) this.note(`${id} went back from term ${before} to ${term}`)
    this.#terms.set(id, term)
    if (votedFor !== null) this.#onVote(id, term, votedFor)
  }
  #onVote(id: NodeId, term: number, candidate: NodeId): void {
    const at = `${id} ${term}`
    const known = this.#votes.get(at)
    if (known === undefined) this.#votes.set(at, candidate)
    else if (known !== candidate) this.note(`${id} voted for ${known} and for ${candidate} in term ${term}`)
  }

  /** "Log Matching": what has one index and one term is one entry. */
  onStored(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const at = `${entry.index}/${entry.term}`
      const name = nameOf(entry)
      const known = this.#entries.get(at)
      if (known === undefined) this.#entries.set(at, name)
      else if (known !== name) this.note(`two entries have index and term ${at}`)
    }
  }

  /** "State Machine Safety": what was applied at an index anywhere is what is applied there everywhere. */
  onApplied(id: NodeId, entry: Entry, hash: string): void {
    const known = this.#applied.get(entry.index)
    if (known === undefined) this.#applied.set(entry.index, hash)
    else if (known !== hash) this.note(`${id} came to another state than others at index ${entry.index}`)
    const command = commandOf(entry)
    if (command !== null) this.#commands.add(command.number)
    this.appliedIndexMax = Math.max(this.appliedIndexMax, entry.index)
  }

  /** A client was told that it is done. */
  onAnswered(number: number): void {
    if (!this.#commands.has(number)) this.note(`command ${number} was answered and not applied anywhere`)
  }
}

function nameOf(entry: Entry): string {
  const trace = new Trace()
  trace.note(0, entry.kind === 'command' ? '' : JSON.stringify(entry.change.changes))
  if (entry.kind === 'command') trace.note(0, '', entry.data)
  return trace.hash
}
