/**
 * Work in progress: how far, how fast, how long yet, and a way to stop it; and what did not get in, with the reason.
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { Job } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { standingStill } from '../adding.ts'
import type { JobsById } from '../model.ts'
import { words } from '../words.ts'
import { icon } from './icon.ts'
import { jobsStyle } from './jobs.css.ts'
import { shared } from './shared.ts'
import { Watching } from './watching.ts'
import './failures.ts'
import './interrupted.ts'

const shownMax = 4

export class BtJobs extends LitElement {
  static override properties = { jobs: { attribute: false }, actions: { attribute: false } }
  declare jobs: JobsById
  declare actions: Actions

  static override styles = [shared, jobsStyle]

  constructor() {
    super()
    this.jobs = new Map()
    new Watching(this, () => this.actions?.adding)
  }

  override render() {
    const { adding } = this.actions
    const jobs = [...this.jobs.values()]
    const leftCount = this.actions.mayChange ? standingStill(adding.interrupted, this.jobs).length : 0
    if (jobs.length + adding.waitingCount + adding.failed.length + leftCount === 0) return nothing
    const moreCount = jobs.length - shownMax
    return html`<section aria-label=${words.jobs.label}>
      <ul role="list">
        ${repeat(
          jobs.slice(0, shownMax),
          (job) => job.id,
          (job) => this.#line(job),
        )}
        ${moreCount > 0 ? html`<li class="quiet small">${words.jobs.more(moreCount)}</li>` : nothing}
        ${adding.waitingCount > 0 ? this.#waiting(adding.waitingCount) : nothing}
      </ul>
      ${leftCount === 0 ? nothing : html`<bt-interrupted .actions=${this.actions} .jobs=${this.jobs}></bt-interrupted>`}
      <bt-failures .adding=${adding}></bt-failures>
    </section>`
  }

  #line(job: Job) {
    const title = words.jobs.title[job.kind](job.title)
    return html`<li>
      <div>
        <p class="title" title=${title}><bdi>${title}</bdi></p>
        <progress aria-label=${title} max=${job.total || 1} value=${job.total ? job.done : nothing}></progress>
        <p class="row figures small quiet number">
          <span>${words.jobs.progress(job)}</span>
          <span>${words.jobs.rate(job)}</span>
        </p>
      </div>
      ${job.kind === 'plant' ? nothing : this.#cancel(job.id, title)}
    </li>`
  }

  #cancel(id: string, title: string) {
    return html`<button
      class="plain only-icon"
      aria-label=${words.jobs.cancel(title)}
      @click=${() => this.actions.cancel(id)}
    >
      ${icon('close')}
    </button>`
  }

  #waiting(count: number) {
    return html`<li>
      <span class="quiet small number">${words.jobs.waiting(count)}</span>
      <button class="plain" @click=${this.#cancelAll}>${words.jobs.cancelAll}</button>
    </li>`
  }

  #cancelAll(): void {
    this.actions.adding.cancelWaiting()
    for (const job of this.jobs.values()) if (job.kind === 'add') void this.actions.cancel(job.id)
  }
}
customElements.define('bt-jobs', BtJobs)
