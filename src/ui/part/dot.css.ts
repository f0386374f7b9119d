/**
 * The dot that counts copies: full where there are several, a ring where there is one.
 * @module
 */
import { css } from 'lit'

export const dotStyle = css`
  .dot {
    inline-size: 0.5rem;
    block-size: 0.5rem;
    border-radius: 50%;
    background: var(--accent-bright);
    flex: none;
  }
  .alone {
    color: var(--warn);
  }
  .alone .dot {
    background: transparent;
    box-shadow: inset 0 0 0 2px var(--warn);
  }
`
