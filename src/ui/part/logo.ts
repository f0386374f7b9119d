/**
 * Three cells and a root.
 * @module
 */
import { css, html } from 'lit'

export const logo = html`<svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
  <rect class="root" x="3" y="21" width="26" height="8" rx="2.6" />
  <rect x="3" y="12" width="12" height="8" rx="2.2" />
  <rect x="16" y="12" width="13" height="8" rx="2.2" />
  <rect x="16" y="3" width="7.5" height="8" rx="2.2" />
</svg>`

export const logoStyle = css`
  .logo {
    inline-size: 1.6rem;
    block-size: 1.6rem;
    fill: var(--accent-bright);
    flex: none;
  }
  .logo .root {
    fill: var(--root-fill);
  }
`
