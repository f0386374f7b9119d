/**
 * The course of giving a limited device more time: until when, what the root has to sign for that, then its word.
 * @module
 */
import type { DeviceLine, NodeApi, PlantingChallenge } from '../../node/api.ts'
import type { PasskeyPort } from '../ports.ts'
import { Course } from './course.ts'
import { endOfDay, termDaysMax } from './term.ts'
import { joinWords } from './words.ts'

export class ExtensionCourse extends Course {
  readonly device: DeviceLine
  /** Until when, once that was said, with what is to be signed for it. */
  asked: (PlantingChallenge & { readonly expiresAtMs: number }) | null = null
  isDone = false
  readonly #api: NodeApi

  /** @param rpId the host that passkeys belong to here */
  constructor(api: NodeApi, passkey: PasskeyPort, rpId: string, device: DeviceLine) {
    super(passkey, rpId)
    this.#api = api
    this.device = device
  }

  /** @param day as a field of days has it */
  async until(day: string, nowMs: number): Promise<void> {
    const expiresAtMs = endOfDay(day, nowMs, termDaysMax)
    if (expiresAtMs === null) return this.fail(joinWords.extend.dayWrong)
    await this.attempt(joinWords.wait.deciding, async () => {
      const challenge = await this.#api.beginExtension(this.device.principal, expiresAtMs)
      this.asked = { ...challenge, expiresAtMs }
    })
  }

  /** Shows one prompt of the browser. */
  async confirmByPasskey(): Promise<void> {
    if (this.asked) await this.answerByPasskey(this.asked, this.#finish)
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

  readonly #finish = async (answer: Parameters<NodeApi['finishExtension']>[3]): Promise<void> => {
    await this.#api.finishExtension(crypto.randomUUID(), this.device.principal, this.asked!.expiresAtMs, answer)
    this.isDone = true
  }
}
