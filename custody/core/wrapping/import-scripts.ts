/**
 * The scripts of an AWS package: constant texts, identical in every package, so that they can be reviewed once and compared.
 *
 * SECURITY: no value is ever inserted into them. They read every value from manifest.json beside them, check it against the same strict grammar as the desk,
 * and pass it as one quoted argument: a hostile params.json or manifest must not become shell code with an administrator's rights. They need bash 3.2 and the
 * usual tools, or PowerShell 5.1, and the AWS CLI 1 or 2.
 */

/** For bash 3.2 or newer (Linux, macOS). ASCII, LF. */
export const IMPORT_SH = String.raw`#!/usr/bin/env bash
# Imports a wrapped key into AWS KMS.
#
#   ./import.sh            check everything, show the command, ask, import, verify
#   ./import.sh --check    check the package only; nothing is sent
#   ./import.sh --verify   ask AWS about the key again; nothing is changed
#   ./import.sh --yes      as the first, without asking
#
# Every value comes from manifest.json beside this script and is checked before it is used.
# Exit: 0 done, 1 refused or not confirmed, 2 wrong use.
set -euo pipefail
umask 077
unset CDPATH
export LC_ALL=C
export AWS_PAGER=""

refuse() {
  printf 'REFUSED: %s\n' "$1" >&2
  exit 1
}

# Once AWS was asked, what became of the key is AWS's to say: nothing is claimed about it here.
unconfirmed() {
  printf 'NOT CONFIRMED: %s\n' "$1" >&2
  exit 1
}

mode=import
ask=yes
case "$#:$*" in
  0:) ;;
  1:--yes) ask=no ;;
  1:--check) mode=check ;;
  1:--verify) mode=verify ;;
  *)
    printf 'usage: import.sh [--check | --verify | --yes]\n' >&2
    exit 2
    ;;
esac

cd -- "$(dirname -- "$0")"

for file in manifest.json EncryptedKeyMaterial.bin ImportToken.bin; do
  [ -f "$file" ] || refuse "$file is missing beside this script"
done
[ "$(wc -c < manifest.json)" -le 65536 ] || refuse "manifest.json is too large"

# member NAME PATTERN: prints the one value of that name, which must have exactly this form.
member() {
  local found
  [ "$(grep -oF -- "\"$1\":" manifest.json | wc -l)" -eq 1 ] ||
    refuse "manifest.json does not have exactly one $1"
  found=$(grep -oE -- "\"$1\":($2)[,}]" manifest.json) ||
    refuse "$1 in manifest.json does not have the form it needs"
  printf '%s\n' "$found" | sed -E 's/^"[A-Za-z0-9]+":"?//; s/"?[,}]$//'
}

schema=$(member schema '"keymoot/byok-package/1"')
provider=$(member provider '"aws-kms"')
key_arn=$(member keyArn '"arn:aws(-cn|-us-gov)?:kms:[a-z0-9-]+:[0-9]{12}:key/([0-9a-f-]{36}|mrk-[0-9a-f]{32})"')
region=$(member region '"[a-z]{2}(-[a-z]{2,12}){1,3}-[1-9][0-9]?"')
valid_to=$(member validToSeconds '[1-9][0-9]{8,10}')
model=$(member expirationModel '"KEY_MATERIAL_(DOES_NOT_EXPIRE|EXPIRES)"')
material_sha256=$(member encryptedKeyMaterialSha256 '"[0-9a-f]{64}"')
token_sha256=$(member importTokenSha256 '"[0-9a-f]{64}"')

arn_form='^arn:aws(-cn|-us-gov)?:kms:([a-z]{2}(-[a-z]{2,12}){1,3}-[1-9][0-9]?):[0-9]{12}:key/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$'
[[ $key_arn =~ $arn_form ]] || refuse "keyArn is not the ARN of a KMS key"
case "$key_arn" in
  arn:aws*:kms:"$region":*) ;;
  *) refuse "region and keyArn name different regions" ;;
esac

sha256_of() {
  if command -v sha256sum > /dev/null 2>&1; then
    sha256sum < "$1"
  else
    shasum -a 256 < "$1"
  fi | cut -c 1-64
}

[ "$(sha256_of EncryptedKeyMaterial.bin)" = "$material_sha256" ] ||
  refuse "EncryptedKeyMaterial.bin is not the file that the manifest describes"
[ "$(sha256_of ImportToken.bin)" = "$token_sha256" ] ||
  refuse "ImportToken.bin is not the file that the manifest describes"

printf 'package   %s for %s\n' "$schema" "$provider"
printf 'manifest  SHA-256 %s\n' "$(sha256_of manifest.json)"
printf 'key       %s\n' "$key_arn"
printf 'The files are the ones that the manifest describes. Compare the SHA-256 of the manifest with the desk.\n'

now=$(date -u +%s)
if [ "$mode" != verify ] && [ "$now" -ge "$valid_to" ]; then
  refuse "the import parameters expired $((($now - $valid_to) / 60)) minutes ago; a new package is needed"
fi

# What AWS says is kept in files named by the second; nothing is overwritten, and who comes twice within a second waits.
set -o noclobber
stamp=$(date -u +%Y%m%dT%H%M%SZ)
while [ -e "describe-key-$stamp.json" ] || [ -e "import-key-material-$stamp.json" ]; do
  sleep 1
  stamp=$(date -u +%Y%m%dT%H%M%SZ)
done

verify() {
  local answer="describe-key-$stamp.json"
  aws kms describe-key --region "$region" --key-id "$key_arn" --output json > "$answer" ||
    unconfirmed "AWS did not describe the key; run this script with --verify later"
  local wanted
  for wanted in "\"Arn\": *\"$key_arn\"" '"Origin": *"EXTERNAL"' '"KeyState": *"Enabled"' "\"ExpirationModel\": *\"$model\""; do
    grep -qE -- "$wanted" "$answer" ||
      unconfirmed "AWS describes the key otherwise than expected ($wanted); see $answer"
  done
  printf 'VERIFIED  AWS says: enabled, origin EXTERNAL, %s.\n' "$model"
  printf 'This shows that AWS took the material, not that it is the right key: AWS offers no such proof for a symmetric key.\n'
  printf 'Bring back to the desk: %s\n' "$answer"
}

if [ "$mode" = check ]; then
  printf 'Checked. Nothing was sent.\n'
  exit 0
fi
if [ "$mode" = verify ]; then
  verify
  exit 0
fi

set -- kms import-key-material \
  --region "$region" \
  --key-id "$key_arn" \
  --encrypted-key-material fileb://EncryptedKeyMaterial.bin \
  --import-token fileb://ImportToken.bin \
  --expiration-model "$model"
if [ "$model" = KEY_MATERIAL_EXPIRES ]; then
  material_valid_to=$(member materialValidTo '"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"')
  set -- "$@" --valid-to "$material_valid_to"
fi

printf 'The command is:\n  aws'
printf ' %q' "$@"
printf '\n'
if [ "$ask" = yes ]; then
  printf 'Type IMPORT to run it: '
  typed=""
  read -r typed || true
  [ "$typed" = IMPORT ] || refuse "it was not confirmed; nothing was sent"
fi

aws "$@" --output json > "import-key-material-$stamp.json" ||
  unconfirmed "AWS did not confirm the import; its words are above. Run this script with --verify before anything is repeated."
printf 'Imported. What AWS answered is in import-key-material-%s.json\n' "$stamp"
verify
`;

/** For Windows PowerShell 5.1 and PowerShell 7. ASCII, LF. */
export const IMPORT_PS1 = String.raw`#requires -Version 5.1
# Imports a wrapped key into AWS KMS.
#
#   .\import.ps1            check everything, show the command, ask, import, verify
#   .\import.ps1 -Check     check the package only; nothing is sent
#   .\import.ps1 -Verify    ask AWS about the key again; nothing is changed
#   .\import.ps1 -Yes       as the first, without asking
#
# Every value comes from manifest.json beside this script and is checked before it is used.
[CmdletBinding()]
param([switch]$Check, [switch]$Verify, [switch]$Yes)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$env:AWS_PAGER = ''

function Stop-Import([string]$Why) {
  [Console]::Error.WriteLine('REFUSED: ' + $Why)
  exit 1
}

# Once AWS was asked, what became of the key is AWS's to say: nothing is claimed about it here.
function Stop-Unconfirmed([string]$Why) {
  [Console]::Error.WriteLine('NOT CONFIRMED: ' + $Why)
  exit 1
}

Set-Location -LiteralPath $PSScriptRoot
foreach ($file in @('manifest.json', 'EncryptedKeyMaterial.bin', 'ImportToken.bin')) {
  if (-not (Test-Path -LiteralPath $file -PathType Leaf)) { Stop-Import ($file + ' is missing beside this script') }
}
if ((Get-Item -LiteralPath 'manifest.json').Length -gt 65536) { Stop-Import 'manifest.json is too large' }
$text = [IO.File]::ReadAllText((Join-Path $PSScriptRoot 'manifest.json'), (New-Object Text.UTF8Encoding($false, $true)))

# Prints the one value of that name, which must have exactly this form.
function Read-Member([string]$Name, [string]$Pattern) {
  $all = [regex]::Matches($text, '"' + $Name + '":')
  if ($all.Count -ne 1) { Stop-Import ('manifest.json does not have exactly one ' + $Name) }
  $found = [regex]::Match($text, '"' + $Name + '":"?(' + $Pattern + ')"?[,}]')
  if (-not $found.Success) { Stop-Import ($Name + ' in manifest.json does not have the form it needs') }
  return $found.Groups[1].Value
}

$schema = Read-Member 'schema' 'keymoot/byok-package/1'
$provider = Read-Member 'provider' 'aws-kms'
$keyArn = Read-Member 'keyArn' 'arn:aws(?:-cn|-us-gov)?:kms:[a-z]{2}(?:-[a-z]{2,12}){1,3}-[1-9][0-9]?:[0-9]{12}:key/(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})'
$region = Read-Member 'region' '[a-z]{2}(?:-[a-z]{2,12}){1,3}-[1-9][0-9]?'
$validTo = [long](Read-Member 'validToSeconds' '[1-9][0-9]{8,10}')
$model = Read-Member 'expirationModel' 'KEY_MATERIAL_(?:DOES_NOT_EXPIRE|EXPIRES)'
$materialSha256 = Read-Member 'encryptedKeyMaterialSha256' '[0-9a-f]{64}'
$tokenSha256 = Read-Member 'importTokenSha256' '[0-9a-f]{64}'
if ($keyArn.Split(':')[3] -cne $region) { Stop-Import 'region and keyArn name different regions' }

function Get-Sha256([string]$File) {
  return (Get-FileHash -LiteralPath $File -Algorithm SHA256).Hash.ToLowerInvariant()
}
if ((Get-Sha256 'EncryptedKeyMaterial.bin') -cne $materialSha256) { Stop-Import 'EncryptedKeyMaterial.bin is not the file that the manifest describes' }
if ((Get-Sha256 'ImportToken.bin') -cne $tokenSha256) { Stop-Import 'ImportToken.bin is not the file that the manifest describes' }

Write-Output ('package   ' + $schema + ' for ' + $provider)
Write-Output ('manifest  SHA-256 ' + (Get-Sha256 'manifest.json'))
Write-Output ('key       ' + $keyArn)
Write-Output 'The files are the ones that the manifest describes. Compare the SHA-256 of the manifest with the desk.'

$now = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
if (-not $Verify -and $now -ge $validTo) {
  Stop-Import ('the import parameters expired ' + [math]::Floor(($now - $validTo) / 60) + ' minutes ago; a new package is needed')
}

# What AWS says is kept in files named by the second; nothing is overwritten, and who comes twice within a second waits.
do {
  $stamp = [DateTime]::UtcNow.ToString('yyyyMMddTHHmmssZ', [Globalization.CultureInfo]::InvariantCulture)
  $taken = @('describe-key-', 'import-key-material-') | Where-Object { Test-Path -LiteralPath (Join-Path $PSScriptRoot ($_ + $stamp + '.json')) }
  if ($taken) { Start-Sleep -Seconds 1 }
} while ($taken)
function Save-Answer([string]$File, $Lines) {
  $stream = [IO.File]::Open((Join-Path $PSScriptRoot $File), [IO.FileMode]::CreateNew)
  try {
    $bytes = (New-Object Text.UTF8Encoding($false)).GetBytes((@($Lines) -join [string][char]10) + [char]10)
    $stream.Write($bytes, 0, $bytes.Length)
  } finally { $stream.Dispose() }
}

function Confirm-Import {
  $answer = 'describe-key-' + $stamp + '.json'
  $lines = & aws kms describe-key --region $region --key-id $keyArn --output json
  if ($LASTEXITCODE -ne 0) { Stop-Unconfirmed 'AWS did not describe the key; run this script with -Verify later' }
  Save-Answer $answer $lines
  $key = (@($lines) -join ' ' | ConvertFrom-Json).KeyMetadata
  if ($key.Arn -cne $keyArn -or $key.Origin -cne 'EXTERNAL' -or $key.KeyState -cne 'Enabled' -or $key.ExpirationModel -cne $model) {
    Stop-Unconfirmed ('AWS describes the key otherwise than expected; see ' + $answer)
  }
  Write-Output ('VERIFIED  AWS says: enabled, origin EXTERNAL, ' + $model + '.')
  Write-Output 'This shows that AWS took the material, not that it is the right key: AWS offers no such proof for a symmetric key.'
  Write-Output ('Bring back to the desk: ' + $answer)
}

if ($Check) { Write-Output 'Checked. Nothing was sent.'; exit 0 }
if ($Verify) { Confirm-Import; exit 0 }

$arguments = @('kms', 'import-key-material', '--region', $region, '--key-id', $keyArn,
  '--encrypted-key-material', 'fileb://EncryptedKeyMaterial.bin', '--import-token', 'fileb://ImportToken.bin',
  '--expiration-model', $model)
if ($model -ceq 'KEY_MATERIAL_EXPIRES') {
  $arguments += @('--valid-to', (Read-Member 'materialValidTo' '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'))
}
Write-Output 'The command is:'
Write-Output ('  aws ' + ($arguments -join ' '))
if (-not $Yes) {
  $typed = Read-Host 'Type IMPORT to run it'
  if ($typed -cne 'IMPORT') { Stop-Import 'it was not confirmed; nothing was sent' }
}
$lines = & aws @arguments --output json
if ($LASTEXITCODE -ne 0) {
  Stop-Unconfirmed 'AWS did not confirm the import; its words are above. Run this script with -Verify before anything is repeated.'
}
$answer = 'import-key-material-' + $stamp + '.json'
Save-Answer $answer $lines
Write-Output ('Imported. What AWS answered is in ' + $answer)
Confirm-Import
`;
