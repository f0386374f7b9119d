/**
 * How much a profile takes on the disk.
 * @module
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** All files below a folder that a browser may be writing into. */
export async function folderSizeBytes(folder: string): Promise<number> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    found
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => (await stat(join(parentPath, name)).catch(() => null))?.size ?? 0),
  )
  return sizes.reduce((sum, sizeBytes) => sum + sizeBytes, 0)
}
