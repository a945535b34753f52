import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SUBJECT_OID_MAX_LENGTH, SUBJECT_VALUE_MAX_LENGTH } from '../../src/core/limits.ts'
import {
  makeDistinguishedName,
  parseDistinguishedName,
  printDistinguishedName,
} from '../../src/identity/distinguished-name.ts'
import { findSubjectType, SUBJECT_TYPES } from '../../src/identity/subject-type.ts'

/** RDNs as lists of `TYPE=value`, unescaped; or the reason. */
function read(text: string): readonly (readonly string[])[] | string {
  const parsed = parseDistinguishedName(text)
  if (!parsed.ok) return parsed.reason
  return parsed.value.map((rdn) => rdn.map(({ type, value }) => `${type.name}=${value}`))
}

describe('parseDistinguishedName()', () => {
  it.each([
    ['O=Acme Corp,OU=Engineering', [['O=Acme Corp'], ['OU=Engineering']]],
    ['o=Acme, ou = Engineering ', [['O=Acme'], ['OU=Engineering']]],
    ['CN=web+OU=shop,O=Acme', [['CN=web', 'OU=shop'], ['O=Acme']]],
    ['CN=Smith\\, John', [['CN=Smith, John']]],
    ['CN=a\\+b\\"c\\;d\\<e\\>f\\\\g\\#h\\=i', [['CN=a+b"c;d<e>f\\g#h=i']]],
    ['CN=\\ a\\ ', [['CN= a ']]],
    ['CN=\\#a', [['CN=#a']]],
    ['CN=Lu\\C4\\8Di\\C4\\87', [['CN=Lučić']]],
    ['CN=Lučić', [['CN=Lučić']]],
    ['CN=a=b', [['CN=a=b']]],
    ['2.5.4.10=Acme', [['O=Acme']]],
    ['1.2.3.4=x', [['1.2.3.4=x']]],
    ['1.2.3.4=#0C024445', [['1.2.3.4=DE']]],
    ['1.2.3.4=#0c03c3a461+O=b,O=c', [['1.2.3.4=äa', 'O=b'], ['O=c']]],
    ['1.2.3.4= #0C0178 ', [['1.2.3.4=x']]],
    ['1.2.3.4=\\#0C', [['1.2.3.4=#0C']]],
    ['1.39.1=x,2.999.1=y', [['1.39.1=x'], ['2.999.1=y']]],
    [`1.2.3=#0C8180${'61'.repeat(128)}`, [[`1.2.3=${'a'.repeat(128)}`]]],
    ['0.9.2342.19200300.100.1.1=me', [['UID=me']]],
    ['S=Berlin,E=a@example.org', [['ST=Berlin'], ['EMAILADDRESS=a@example.org']]],
    ['C=DE', [['C=DE']]],
  ])('reads %s', (text, rdns) => {
    expect(read(text)).toEqual(rdns)
  })

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['O', 'equals_missing'],
    ['=Acme', 'type_missing'],
    ['O=Acme,', 'type_missing'],
    ['O=Acme,,OU=x', 'type_missing'],
    ['O=Acme;OU=x', 'character_unescaped'],
    ['O="Acme"', 'character_unescaped'],
    ['O=a<b', 'character_unescaped'],
    ['O=a\u0000b', 'character_unescaped'],
    ['O=a\\00b', 'value_character'],
    ['O=a\\0Ab', 'value_character'],
    ['O=\ud800', 'value_character'],
    ['FOO=x', 'type_unknown'],
    ['__proto__=x', 'type_missing'],
    ['constructor=x', 'type_unknown'],
    ['OID.2.5.4.3=x', 'type_unknown'],
    ['2.5.04.3=x', 'type_unknown'],
    ['CN=a+CN=b', 'type_duplicate'],
    ['CN=a+2.5.4.3=b', 'type_duplicate'],
    ['CN=#0401', 'hex_value_unsupported'],
    ['CN=#0C0161', 'hex_value_unsupported'],
    ['1.2.3=#', 'hex_value_unsupported'],
    ['1.2.3=#0C', 'hex_value_unsupported'],
    ['1.2.3=#0C016', 'hex_value_unsupported'],
    ['1.2.3=#0C0161x', 'hex_value_unsupported'],
    ['1.2.3=#0C0261', 'hex_value_unsupported'],
    ['1.2.3=#0C016161', 'hex_value_unsupported'],
    ['1.2.3=#0C810161', 'hex_value_unsupported'],
    ['1.2.3=#0C01C3', 'hex_value_unsupported'],
    ['1.2.3=#13024445', 'hex_value_unsupported'],
    ['1.2.3=#0C00', 'value_empty'],
    ['1.2.3=#0C0100', 'value_character'],
    ['3.1=x', 'type_unknown'],
    ['0.40.1=x', 'type_unknown'],
    ['1.40=x', 'type_unknown'],
    ['2=x', 'type_unknown'],
    ['CN=a\\', 'escape_invalid'],
    ['CN=a\\x', 'escape_invalid'],
    ['CN=\\C4', 'escape_invalid'],
    ['CN=\\ED\\A0\\80', 'escape_invalid'],
    ['CN=', 'value_empty'],
    ['C=D', 'value_too_short'],
    ['C=DEU', 'value_too_long'],
    ['C=D1', 'value_character'],
    ['SERIALNUMBER=a_b', 'value_character'],
    ['DC=bücher', 'value_character'],
    ['EMAILADDRESS=ä@example.org', 'value_character'],
  ])('refuses %j as %s', (text, reason) => {
    expect(read(text)).toBe(reason)
  })

  it('says where the fault is', () => {
    expect(parseDistinguishedName('O=Acme,FOO=x')).toMatchObject({ offset: 7 })
    expect(parseDistinguishedName('O=Acme,C=DEU')).toMatchObject({ offset: 9 })
    expect(parseDistinguishedName('O=\u{1f600};x')).toMatchObject({ offset: 4 })
  })
})

describe('the bounds of RFC 5280', () => {
  it.each(SUBJECT_TYPES.map((type) => [type.name, type.maxLength] as const))(
    'hold %s to %i characters',
    (name, max) => {
      expect(parseDistinguishedName(`${name}=${'a'.repeat(max)}`).ok).toBe(true)
      expect(read(`${name}=${'a'.repeat(max + 1)}`)).toBe('value_too_long')
    },
  )

  it('hold by OID as by name, and for types without a bound of their own', () => {
    expect(read(`2.5.4.3=${'a'.repeat(65)}`)).toBe('value_too_long')
    expect(parseDistinguishedName(`1.2.3=${'a'.repeat(SUBJECT_VALUE_MAX_LENGTH)}`).ok).toBe(true)
    expect(read(`1.2.3=${'a'.repeat(SUBJECT_VALUE_MAX_LENGTH + 1)}`)).toBe('value_too_long')
  })

  it('hold an OID to so many characters', () => {
    const oid = '1.2.'.padEnd(SUBJECT_OID_MAX_LENGTH, '3')
    expect(parseDistinguishedName(`${oid}=a`).ok).toBe(true)
    expect(parseDistinguishedName(`${oid}3=a`).ok).toBe(false)
  })

  it('count characters, not bytes or UTF-16 units', () => {
    expect(parseDistinguishedName(`CN=${'\u{1f600}'.repeat(64)}`).ok).toBe(true)
    expect(read(`CN=${'\u{1f600}'.repeat(65)}`)).toBe('value_too_long')
  })
})

describe('printDistinguishedName()', () => {
  const types = ['CN', 'O', 'L', '1.2.3.4', 'UID'].flatMap((name) => findSubjectType(name) ?? [])
  const value = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(...' #,+"\\<>;=aO\u0000'), minLength: 1, maxLength: 12 }),
    fc.constantFrom('x,O=admin', ' ', '  ', '#', '\\', '\\,', 'a ', ' a'),
  )
  const rdn = fc
    .uniqueArray(fc.record({ type: fc.constantFrom(...types), value }), { minLength: 1, selector: (part) => part.type })
    .filter((parts) => parts.length > 0)

  it('prints what reads back as exactly the same RDNs, whatever the values', () => {
    fc.assert(
      fc.property(fc.array(rdn, { minLength: 1, maxLength: 4 }), (rdns) => {
        const made = makeDistinguishedName(rdns)
        if (made.ok) expect(parseDistinguishedName(printDistinguishedName(made.value))).toEqual(made)
        else expect(made.reason).toBe('value_character')
      }),
    )
  })

  it('keeps a value with a comma one value', () => {
    const made = makeDistinguishedName([[{ type: findSubjectType('O') ?? expect.fail(), value: 'x,O=admin' }]])
    expect(made.ok && printDistinguishedName(made.value)).toBe('O=x\\,O=admin')
  })

  it('prints a value of a dotted type as the hex of its encoding (RFC 4514 section 2.4)', () => {
    const printed = (name: string, value: string): string | false => {
      const made = makeDistinguishedName([[{ type: findSubjectType(name) ?? expect.fail(), value }]])
      return made.ok && printDistinguishedName(made.value)
    }
    expect(printed('1.2.3.4', 'DE')).toBe('1.2.3.4=#0C024445')
    expect(printed('1.2.3.4', 'a'.repeat(128))).toBe(`1.2.3.4=#0C8180${'61'.repeat(128)}`)
    expect(printed('1.2.3.4', 'ä'.repeat(SUBJECT_VALUE_MAX_LENGTH))).toBe(`1.2.3.4=#0C820200${'C3A4'.repeat(256)}`)
    expect(printed('2.5.4.6', 'DE')).toBe('C=DE')
  })

  it('makes no name of nothing', () => {
    expect(makeDistinguishedName([])).toMatchObject({ ok: false, reason: 'empty' })
  })
})
