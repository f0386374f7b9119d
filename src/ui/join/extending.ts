/**
 * The course of giving devices more time: which of them and until when, what the root has to sign for that, then its word.
 * @module
 */
import type { DeviceLine, Extension, NodeApi, PlantingChallenge } from '../../node/api.ts'
import type { PasskeyPort } from '../ports.ts'
import { Course, type RootAnswer } from './course.ts'
import { endOfDay, termDaysMax } from './term.ts'
import { joinWords } from './words.ts'

export class ExtensionCourse extends Course {
  /** Of which some are to have more time. */
  readonly devices: readonly DeviceLine[]
  /** What was chosen, with what is to be signed for it. */
  asked: (PlantingChallenge & { readonly extensions: readonly Extension[] }) | null = null
  isDone = false
  readonly #api: NodeApi

  /** @param rpId the host that passkeys belong to here */
  constructor(api: NodeApi, passkey: PasskeyPort, rpId: string, devices: readonly DeviceLine[]) {
    super(passkey, rpId)
    this.#api = api
    this.devices = devices
  }

  /**
   * @param day as a field of days has it
   * @param principals of the devices that are chosen
   */
  async until(day: string, principals: readonly string[], nowMs: number): Promise<void> {
    const expiresAtMs = endOfDay(day, nowMs, termDaysMax)
    if (expiresAtMs === null) return this.fail(joinWords.extend.dayWrong)
    const chosen = this.devices.filter(({ principal }) => principals.includes(principal))
    if (chosen.length === 0) return this.fail(joinWords.renew.noneChosen)
    // No device loses time that it has.
    const extensions = chosen
      .filter((device) => device.expiresAtMs < expiresAtMs)
      .map(({ principal }) => ({ principal, expiresAtMs }))
    if (extensions.length === 0) return this.fail(joinWords.renew.noneLater)
    await this.attempt(joinWords.wait.deciding, async () => {
      this.asked = { ...(await this.#api.beginExtension(extensions)), extensions }
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

  readonly #finish = async (answer: RootAnswer): Promise<void> => {
    await this.#api.finishExtension(crypto.randomUUID(), this.asked!.extensions, answer)
    this.isDone = true
  }
}
