/**
 * The course of letting a device in, as far as it is this page's: what is asked of the node, and what came of it. How far it is
 * the node says, to all tabs alike.
 * @module
 */
import type { Inviting, NodeApi } from '../../node/api.ts'
import type { PasskeyPort } from '../ports.ts'
import { Course } from './course.ts'
import { joinWords } from './words.ts'

export class InviteCourse extends Course {
  readonly #api: NodeApi
  #stage: Inviting['stage'] | null = null

  /** @param rpId the host that passkeys belong to here */
  constructor(api: NodeApi, passkey: PasskeyPort, rpId: string) {
    super(passkey, rpId)
    this.#api = api
  }

  /** The node is at another stage: what was waited for is over, one way or the other. */
  arrive(stage: Inviting['stage'] | null): void {
    if (stage === this.#stage) return
    this.#stage = stage
    this.stop()
  }

  begin(): Promise<void> {
    return this.attempt(joinWords.wait.code, () => this.#api.invite())
  }

  /** @param typed in whatever spacing. There is one try, so what can not be right is not sent. */
  async typeDigits(typed: string): Promise<void> {
    const digits = typed.replaceAll(/\D/g, '')
    if (digits.length !== 4) return this.fail(joinWords.invite.digits.incomplete)
    await this.attempt(joinWords.wait.deciding, () => this.#api.typeDigits(digits))
  }

  /** Shows one prompt of the browser. */
  approveByPasskey(approval: Extract<Inviting, { stage: 'approval' }>): Promise<void> {
    return this.answerByPasskey(approval, (answer) => this.#api.approve(answer))
  }
  /** @param typed the words of the card, in whatever spacing and case */
  approveByCard(typed: string): Promise<void> {
    return this.answerByCard(typed, (answer) => this.#api.approve(answer))
  }
  deny(): Promise<void> {
    return this.attempt(joinWords.wait.deciding, () => this.#api.approve(null))
  }

  /** At whatever stage; also puts away what an ended one said. */
  async end(): Promise<void> {
    this.stop()
    await this.attempt(joinWords.wait.deciding, () => this.#api.endInviting())
  }
}
