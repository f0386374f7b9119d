/**
 * Questions and answers over the bulk lane. Who asks bounds what comes back; who answers takes one question after the other, so
 * that a device that asks for much waits for itself alone, and looks for one answer while the one before is on its way.
 * @module
 */
import { type Check, ok, refused } from '../core/bytes/bytes.ts'
import type { Answer, Bulk, Question } from '../core/message/message.ts'
import type { ClockPort } from '../port/platform.ts'
import type { PeerId } from './peers.ts'

/** A device that asks more at once is none of ours. */
const questionCountMax = 64
/** Only a broken program leaves a question unanswered on a path that lives. */
const answerTimeoutMs = 10 * 60_000

export interface ExchangeOptions {
  readonly clock: ClockPort
  /** Resolves when it is on its way, and when the peer is gone. */
  send(to: PeerId, body: Bulk['body']): Promise<void>
  answer(from: PeerId, question: Question): Promise<Answer>
}

export interface AskOptions {
  /** It is given up where nothing came of it for so long; who is asked to stage does what it has to as long as it asks back. */
  readonly timeoutMs?: number
  /** Whether it is waited for as long again. Absent: no. */
  waitsOn?(): boolean
  /** Called where the peer is there, and was late. */
  onLate?(): void
}

interface Asked {
  settle(answer: Answer | null): void
  /** The peer has asked back. */
  goesOn(): void
}
interface Conversation {
  /** Of this device, by their numbers. */
  readonly asked: Map<number, Asked>
  waitingCount: number
  /** The question that came last, or one that is over. */
  last: Turn
}
interface Turn {
  readonly found: Promise<unknown>
  readonly sent: Promise<unknown>
  /** When the answer to the question before was sent: no more than two are held at a time. */
  readonly sentBefore: Promise<unknown>
}
const over: Turn = { found: Promise.resolve(), sent: Promise.resolve(), sentBefore: Promise.resolve() }

export class Exchange {
  readonly #options: ExchangeOptions
  readonly #conversations = new Map<PeerId, Conversation>()
  #questionCount = 0

  constructor(options: ExchangeOptions) {
    this.#options = options
  }

  /** null where the peer is gone before it answers, or late. */
  ask(to: PeerId, question: Question, { timeoutMs, waitsOn, onLate }: AskOptions = {}): Promise<Answer | null> {
    const { clock, send } = this.#options
    const conversation = this.#conversations.get(to)
    if (conversation === undefined) return Promise.resolve(null)
    const number = ++this.#questionCount
    return new Promise((resolve) => {
      const settle = (answer: Answer | null): void => {
        cancel()
        cancelLast()
        conversation.asked.delete(number)
        resolve(answer)
      }
      const late = (): void => {
        settle(null)
        onLate?.()
      }
      let cancel = (): void => {}
      const wait = (): void => {
        if (timeoutMs === undefined || !conversation.asked.has(number)) return
        cancel()
        cancel = clock.after(timeoutMs, () => (waitsOn?.() === true ? wait() : late()))
      }
      const cancelLast = clock.after(answerTimeoutMs, late)
      conversation.asked.set(number, { settle, goesOn: () => question.tag === 'stage' && wait() })
      // On a slow path a question with a body takes its time.
      void send(to, { tag: 'ask', value: { number, question } }).then(wait)
    })
  }

  onUp(id: PeerId): void {
    this.#conversations.set(id, { asked: new Map(), waitingCount: 0, last: over })
  }

  onDown(id: PeerId): void {
    const conversation = this.#conversations.get(id)
    this.#conversations.delete(id)
    for (const { settle } of [...(conversation?.asked.values() ?? [])]) settle(null)
  }

  receive(from: PeerId, body: Bulk['body']): Check {
    const conversation = this.#conversations.get(from)
    if (conversation === undefined) return ok
    if (body.tag === 'answer') {
      conversation.asked.get(body.value.number)?.settle(body.value.answer)
      return ok
    }
    for (const asked of conversation.asked.values()) asked.goesOn()
    if (conversation.waitingCount === questionCountMax)
      return refused('tooManyQuestions', 'A device asked for more at once than any program of ours does.')
    conversation.waitingCount++
    const { number, question } = body.value
    const isGone = (): boolean => this.#conversations.get(from) !== conversation
    const find = async (): Promise<Answer | null> =>
      isGone() ? null : this.#options.answer(from, question).catch((): Answer => ({ tag: 'none', value: {} }))
    const send = async (answer: Answer | null): Promise<void> => {
      conversation.waitingCount--
      if (answer !== null && !isGone()) await this.#options.send(from, { tag: 'answer', value: { number, answer } })
    }
    // To stage is to ask back, on the same path, so nothing may wait behind it; nor behind what others have to decide.
    if (question.tag === 'stage' || question.tag === 'propose') {
      void find().then(send)
      return ok
    }
    const before = conversation.last
    const found = Promise.all([before.found, before.sentBefore]).then(find)
    const sent = Promise.all([found, before.sent]).then(([answer]) => send(answer))
    conversation.last = { found, sent, sentBefore: before.sent }
    return ok
  }
}
