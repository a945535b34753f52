// The JSON Schemas that are served, compressed: as JavaScript each isolate would parse 90 kB of them at its start, and few
// isolates ever serve one. `npm run schemas` writes the file.
import packed from '../../../schemas/packed.json' with { type: 'json' }
import type { SectionName } from '../../config/sections/table.ts'
import { decodeBase64 } from '../../core/base64.ts'
import type { SchemaName } from './openapi-schemas.ts'

export interface ServedSchemas {
  /** By section: of its documents, for editors. */
  readonly sections: Readonly<Record<SectionName, object>>
  /** Requests and answers, with the references of OpenAPI. */
  readonly interface: Readonly<Record<SchemaName, Readonly<Record<string, unknown>>>>
}

/** @throws if the file is damaged; a test compares it with the schemas that the code makes */
export async function unpackSchemas(): Promise<ServedSchemas> {
  const bytes = decodeBase64(packed.deflated)
  if (bytes === undefined) throw new Error('schemas/packed.json is not base64')
  const text = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return JSON.parse(await new Response(text).text())
}
