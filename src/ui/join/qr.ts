/**
 * A QR code as a picture: dark on light whatever the scheme, since many cameras do not read the reverse.
 * @module
 */
import { css, svg } from 'lit'
import { guard } from 'lit/directives/guard.js'
import { dotsOf } from '../../edge/qr/code.ts'

/** @param label what it is, for those who do not see it */
export const qrPicture = (text: string, label: string) =>
  guard([text, label], () => {
    const rows = dotsOf(text)
    return svg`<svg class="qr" viewBox="0 0 ${rows.length} ${rows.length}" role="img" aria-label=${label}>
      <path d=${outlineOf(rows)}></path>
    </svg>`
  })

/** Each run of dark dots of a row is one rectangle. */
function outlineOf(rows: readonly (readonly boolean[])[]): string {
  let outline = ''
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      const start = x
      while (row[x]) x++
      if (x > start) outline += `M${start} ${y}h${x - start}v1h${start - x}z`
    }
  })
  return outline
}

export const qrStyle = css`
  .qr {
    display: block;
    inline-size: min(100%, 22rem);
    margin-inline: auto;
    border-radius: var(--radius-2);
    background: var(--code-ground);
    shape-rendering: crispEdges;
    forced-color-adjust: none;
  }
  .qr path {
    fill: var(--code-dot);
  }
`
