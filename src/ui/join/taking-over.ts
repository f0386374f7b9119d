/**
 * The course of going on without the device that decides: what the root has to sign is asked for, then signed.
 * @module
 */
import type { NodeApi, TakeOverChallenge } from '../../node/api.ts'
import type { PasskeyPort } from '../ports.ts'
import { Course } from './course.ts'
import { joinWords } from './words.ts'

export class TakeOverCourse extends Course {
  /** What is to be signed; null before it was asked for. */
  challenge: TakeOverChallenge | null = null
  isDone = false
  readonly #api: NodeApi

  /** @param rpId the host that passkeys belong to here */
  constructor(api: NodeApi, passkey: PasskeyPort, rpId: string) {
    super(passkey, rpId)
    this.#api = api
  }

  begin(): Promise<void> {
    return this.attempt(joinWords.wait.deciding, async () => {
      this.challenge = await this.#api.beginTakeOver()
    })
  }

  /**
   * Shows one prompt of the browser. What is signed follows from the tree as it is, which may have changed since it was first asked
   * for, so it is asked for again where a try failed.
   */
  async confirmByPasskey(): Promise<void> {
    if (this.problem !== '') await this.begin()
    if (this.challenge) await this.answerByPasskey(this.challenge, this.#finish)
  }
  /** @param typed the words of the card, in whatever spacing and case */
  confirmByCard(typed: string): Promise<void> {
    return this.answerByCard(typed, this.#finish)
  }

  /** Nobody wants it any more. */
  end(): void {
    this.stop()
    this.tell()
  }

  readonly #finish = async (answer: Parameters<NodeApi['finishTakeOver']>[1]): Promise<void> => {
    await this.#api.finishTakeOver(crypto.randomUUID(), answer)
    this.isDone = true
  }
}
