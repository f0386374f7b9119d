/**
 * Work in progress: how far, how fast, how long yet, and a way to stop it; and what did not get in, with the reason.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { Job } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { words } from '../words.ts'
import { icon } from './icon.ts'
import { shared } from './shared.ts'
import { Watching } from './watching.ts'

const shownMax = 4

export class BtJobs extends LitElement {
  static override properties = { jobs: { attribute: false }, actions: { attribute: false } }
  declare jobs: ReadonlyMap<string, Job>
  declare actions: Actions

  static override styles = [
    shared,
    css`
      section {
        max-inline-size: 40rem;
        max-block-size: 40dvh;
        margin-inline: auto;
        overflow: auto;
        padding: var(--space-2) var(--space-2) var(--space-2) var(--space-4);
        border-radius: var(--radius-3);
        background: var(--surface-raised);
        box-shadow: var(--shadow);
      }
      li {
        display: grid;
        grid-template-columns: 1fr auto;
        align-items: center;
        gap: 0 var(--space-2);
        padding-block: var(--space-1);
      }
      .title {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      progress {
        appearance: none;
        inline-size: 100%;
        block-size: 0.375rem;
        border: 0;
        border-radius: var(--radius-round);
        background: var(--accent-quiet);
        overflow: hidden;
      }
      progress::-webkit-progress-bar {
        background: var(--accent-quiet);
      }
      progress::-webkit-progress-value {
        border-radius: var(--radius-round);
        background: var(--accent-bright);
        transition: inline-size var(--settle);
      }
      progress::-moz-progress-bar {
        background: var(--accent-bright);
      }
      .problem {
        margin-block: var(--space-1);
      }
    `,
  ]

  constructor() {
    super()
    this.jobs = new Map()
    new Watching(this, () => this.actions?.adding)
  }

  override render() {
    const { waitingCount, failed } = this.actions?.adding ?? { waitingCount: 0, failed: [] }
    if (this.jobs.size + waitingCount + failed.length === 0) return nothing
    const jobs = [...this.jobs.values()]
    return html`<section aria-label=${words.jobs.label}>
      <ul role="list">
        ${repeat(
          jobs.slice(0, shownMax),
          (job) => job.id,
          (job) => this.#line(job),
        )}
        ${jobs.length > shownMax ? html`<li class="quiet small">${words.jobs.more(jobs.length - shownMax)}</li>` : nothing}
        ${
          waitingCount > 0
            ? html`<li>
                <span class="quiet small number">${words.jobs.waiting(waitingCount)}</span>
                <button class="plain" @click=${this.#cancelAll}>${words.jobs.cancelAll}</button>
              </li>`
            : nothing
        }
      </ul>
      ${failed.length > 0 ? this.#failures() : nothing}
    </section>`
  }

  #line(job: Job) {
    const title = words.jobs.title[job.kind](job.title)
    return html`<li>
      <div>
        <p class="title"><bdi>${title}</bdi></p>
        <progress
          aria-label=${title}
          max=${job.totalBytes || 1}
          value=${job.totalBytes ? job.doneBytes : nothing}
        ></progress>
        <p class="row small quiet number">
          <span>${words.jobs.progress(job.doneBytes, job.totalBytes)}</span>
          <span>${words.jobs.rate(job.bytesPerSecond, job.totalBytes - job.doneBytes)}</span>
        </p>
      </div>
      <button
        class="plain only-icon"
        aria-label=${words.jobs.cancel(title)}
        @click=${() => this.actions.cancel(job.id)}
      >
        ${icon('close')}
      </button>
    </li>`
  }

  #failures() {
    const { failed } = this.actions.adding
    return html`<div role="alert">
      <h2>${words.jobs.failed(failed.length)}</h2>
      ${failed.slice(0, shownMax).map(
        ({ entry, sentence }) =>
          html`<p class="problem">
            ${icon('warn')}<span
              ><strong><bdi>${entry.name}</bdi></strong
              ><br />${sentence}</span
            >
          </p>`,
      )}
      ${failed.length > shownMax ? html`<p class="quiet small">${words.jobs.more(failed.length - shownMax)}</p>` : nothing}
      <div class="row">
        <button @click=${() => this.actions.adding.retryFailed()}>${words.again}</button>
        <button class="plain" @click=${() => this.actions.adding.forgetFailed()}>${words.dismiss}</button>
      </div>
    </div>`
  }

  #cancelAll(): void {
    this.actions.adding.cancelWaiting()
    for (const job of this.jobs.values()) if (job.kind === 'add') void this.actions.cancel(job.id)
  }
}
customElements.define('bt-jobs', BtJobs)
