/**
 * Messages that come and go: what was done and can be undone, and what went wrong.
 * @module
 */

export interface Notice {
  readonly id: number
  readonly tone: 'done' | 'problem'
  readonly text: string
  /** A button beside the text; absent where there is nothing to do. */
  readonly action?: { readonly label: string; readonly act: () => void | Promise<void> }
  /** How long it stays; null: until it is dismissed. */
  readonly staysMs: number | null
}

export const undoWindowMs = 10_000
const doneStaysMs = 5_000

/** The page's list of notices; tells its watchers of every change. */
export class Notices extends EventTarget {
  #list: readonly Notice[] = []
  #lastId = 0

  get list(): readonly Notice[] {
    return this.#list
  }

  done(text: string): void {
    this.#put({ tone: 'done', text, staysMs: doneStaysMs })
  }

  /** Stays for the ten seconds in which it can be taken back. */
  undoable(text: string, label: string, act: () => Promise<void>): void {
    this.#put({ tone: 'done', text, action: { label, act }, staysMs: undoWindowMs })
  }

  /** Stays until it is dismissed. @returns its id */
  news(text: string, action: NonNullable<Notice['action']>): number {
    return this.#put({ tone: 'done', text, action, staysMs: null })
  }

  problem(text: string, action?: NonNullable<Notice['action']>): void {
    // The same trouble twice is one trouble.
    const rest = this.#list.filter((notice) => notice.tone !== 'problem' || notice.text !== text)
    this.#list = rest
    this.#put({ tone: 'problem', text, staysMs: null, ...(action && { action }) })
  }

  dismiss(id: number): void {
    this.#list = this.#list.filter((notice) => notice.id !== id)
    this.#tell()
  }

  /** Runs a notice's action, once. */
  async act(id: number): Promise<void> {
    const action = this.#list.find((notice) => notice.id === id)?.action
    this.dismiss(id)
    await action?.act()
  }

  /** Takes back the last thing that can still be taken back. @returns whether there was one */
  async undoLast(): Promise<boolean> {
    const last = this.#list.findLast((notice) => notice.staysMs === undoWindowMs)
    if (last) await this.act(last.id)
    return last !== undefined
  }

  #put(notice: Omit<Notice, 'id'>): number {
    this.#list = [...this.#list.slice(-3), { ...notice, id: ++this.#lastId }]
    this.#tell()
    return this.#lastId
  }
  #tell(): void {
    this.dispatchEvent(new Event('change'))
  }
}
