/**
 * QR codes to be shown.
 * @module
 */
import { encodeQR } from 'qr'

/**
 * @returns rows of dots from the top, true where it is dark; with the quiet zone of the standard (ISO/IEC 18004 §6.3.8), which some
 *   cameras need
 */
export const dotsOf = (text: string): readonly (readonly boolean[])[] =>
  encodeQR(text, 'raw', { ecc: 'medium', border: 4 })
