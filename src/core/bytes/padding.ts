/**
 * Sizes as they are told to others: each stands for many.
 * @module
 */

/**
 * Padmé (Nikitin and others, "Reducing Metadata Leakage from Encrypted Files", 2019): of a size in E bits only the leading ones are
 * told, as many as E itself has. At most 12 % are added, 3.1 % from 64 KiB on.
 */
export function paddedSizeOf(sizeBytes: number): number {
  if (sizeBytes < 2) return sizeBytes
  const exponent = Math.floor(Math.log2(sizeBytes))
  const unit = 2 ** Math.max(0, exponent - Math.floor(Math.log2(exponent || 1)) - 1)
  return Math.ceil(sizeBytes / unit) * unit
}
