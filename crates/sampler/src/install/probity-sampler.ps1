#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Starts the probity sampler with Windows, as a task of the Task Scheduler.
.DESCRIPTION
Not a service: those have to answer the service control manager, which a console program does not, so sc.exe would start it and
give it up after 30 seconds. The task starts at boot without anybody being logged on, runs as LOCAL SERVICE with one privilege
(to pass through folders), is started again a minute after it failed and within five minutes whatever ended it, and is never
stopped for being long or for a battery. Stopping the task ends the process: what was measured until then is on the disk.
.EXAMPLE
.\probity-sampler.ps1 -Option '--push', 'http://gateway.example.org:8080/segments' -WhatIf
.EXAMPLE
.\probity-sampler.ps1 -Remove
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [string] $Program = "$env:ProgramFiles\probity\probity-sampler.exe",
    [string] $Samples = "$env:ProgramData\probity-sampler",
    [string[]] $Option = @(),
    [switch] $Remove
)
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$task = 'probity-sampler'

if ($Remove) {
    # The samples and the key of the device stay.
    Stop-ScheduledTask -TaskName $task -ErrorAction SilentlyContinue
    Unregister-ScheduledTask -TaskName $task
    return
}
if (-not (Test-Path -LiteralPath $Program -PathType Leaf)) {
    throw "$Program is not there. Put it where only administrators can write, or name it with -Program."
}

$xml = @'
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>probity sampler: this machine measures itself</Description>
  </RegistrationInfo>
  <Triggers>
    <BootTrigger>
      <Repetition>
        <Interval>PT5M</Interval>
      </Repetition>
      <Enabled>true</Enabled>
    </BootTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>S-1-5-19</UserId>
      <RunLevel>LeastPrivilege</RunLevel>
      <RequiredPrivileges>
        <Privilege>SeChangeNotifyPrivilege</Privilege>
      </RequiredPrivileges>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <Enabled>true</Enabled>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>255</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>@PROGRAM@</Command>
      <Arguments>@ARGUMENTS@</Arguments>
    </Exec>
  </Actions>
</Task>
'@
$words = @('run', '--output', "`"$Samples`"") + $Option
$xml = $xml.Replace('@PROGRAM@', [Security.SecurityElement]::Escape($Program))
$xml = $xml.Replace('@ARGUMENTS@', [Security.SecurityElement]::Escape($words -join ' '))

if ($PSCmdlet.ShouldProcess($Samples, 'Make the folder for LOCAL SERVICE, SYSTEM and administrators alone')) {
    New-Item -ItemType Directory -Force -Path $Samples | Out-Null
    # The key of the device is in there: nothing is inherited.
    icacls.exe $Samples /inheritance:r /grant:r '*S-1-5-19:(OI)(CI)M' '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' | Out-Null
    if ($LASTEXITCODE -ne 0) {
        throw "The access list of $Samples could not be set."
    }
}
if ($PSCmdlet.ShouldProcess($task, 'Register and start the task')) {
    Register-ScheduledTask -TaskName $task -Xml $xml -Force | Out-Null
    Start-ScheduledTask -TaskName $task
}
