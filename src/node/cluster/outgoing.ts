/**
 * The way out for Raft's messages. What a leader says only to make known that something is committed may be held for a turn: if the
 * next append to the same follower leaves by then, it says so as well, and one message with its answer is spared.
 * @module
 */
import { type Message, type NodeId, isOvertaken } from '../../core/raft/raft.ts'

export interface OutgoingOptions {
  send(message: Message): void
  /** Calls back in a turn of its own, when whoever was waiting has been answered. */
  soon(callback: () => void): void
}

export class Outgoing {
  readonly #options: OutgoingOptions
  readonly #held = new Map<NodeId, Message[]>()

  constructor(options: OutgoingOptions) {
    this.#options = options
  }

  /** Nobody's messages change places. */
  send(message: Message): void {
    const held = this.#held.get(message.to)
    if (held !== undefined) {
      this.#held.delete(message.to)
      for (const before of held) if (!isOvertaken(before, message)) this.#options.send(before)
    }
    this.#options.send(message)
  }

  /** Sends it in a turn of its own, or in the place where something else goes to the same node. */
  hold(message: Message): void {
    if (this.#held.size === 0) this.#options.soon(() => this.flush())
    const held = this.#held.get(message.to)
    if (held === undefined) this.#held.set(message.to, [message])
    else held.push(message)
  }

  flush(): void {
    const held = [...this.#held.values()]
    this.#held.clear()
    for (const messages of held) for (const message of messages) this.#options.send(message)
  }
}
