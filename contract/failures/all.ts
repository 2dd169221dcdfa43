// Written by contract/write-failures.ts from the files beside it.
import { addressInUse } from "./address-in-use.ts";
import { addressesExhausted } from "./addresses-exhausted.ts";
import { agentDefect } from "./agent-defect.ts";
import { agentFailed } from "./agent-failed.ts";
import { agentNotStarted } from "./agent-not-started.ts";
import { agentSilent } from "./agent-silent.ts";
import { answerNotKept } from "./answer-not-kept.ts";
import { architectureMismatch } from "./architecture-mismatch.ts";
import { architectureUnknown } from "./architecture-unknown.ts";
import { architectureUnsupported } from "./architecture-unsupported.ts";
import { badInput } from "./bad-input.ts";
import { badRequest } from "./bad-request.ts";
import { badToken } from "./bad-token.ts";
import { bmcAuth } from "./bmc-auth.ts";
import { bmcBusy } from "./bmc-busy.ts";
import { bmcLies } from "./bmc-lies.ts";
import { bmcMalformed } from "./bmc-malformed.ts";
import { bmcRefused } from "./bmc-refused.ts";
import { bmcSettings } from "./bmc-settings.ts";
import { bmcUnreachable } from "./bmc-unreachable.ts";
import { bootDecisionUnavailable } from "./boot-decision-unavailable.ts";
import { bootLoaderFailed } from "./boot-loader-failed.ts";
import { bootLoaderMissing } from "./boot-loader-missing.ts";
import { cloudinitFailed } from "./cloudinit-failed.ts";
import { cloudinitSilent } from "./cloudinit-silent.ts";
import { csrfToken } from "./csrf-token.ts";
import { databaseDiskFull } from "./database-disk-full.ts";
import { databaseDown } from "./database-down.ts";
import { databaseUnusable } from "./database-unusable.ts";
import { dhcpDefect } from "./dhcp-defect.ts";
import { dhcpMalformed } from "./dhcp-malformed.ts";
import { dhcpNoOffer } from "./dhcp-no-offer.ts";
import { dhcpNotServed } from "./dhcp-not-served.ts";
import { dhcpOfferNotTaken } from "./dhcp-offer-not-taken.ts";
import { diskMissing } from "./disk-missing.ts";
import { diskTooSmall } from "./disk-too-small.ts";
import { disksNotErased } from "./disks-not-erased.ts";
import { ephemeralImageMissing } from "./ephemeral-image-missing.ts";
import { eraseAborted } from "./erase-aborted.ts";
import { foreignDhcpServer } from "./foreign-dhcp-server.ts";
import { hostMissing } from "./host-missing.ts";
import { idempotencyKeyBusy } from "./idempotency-key-busy.ts";
import { idempotencyKeyReused } from "./idempotency-key-reused.ts";
import { identityShared } from "./identity-shared.ts";
import { imageAgentMissing } from "./image-agent-missing.ts";
import { imageBuildFailed } from "./image-build-failed.ts";
import { imageBuildStopped } from "./image-build-stopped.ts";
import { imageFetchFailed } from "./image-fetch-failed.ts";
import { imageHashMismatch } from "./image-hash-mismatch.ts";
import { imageIncomplete } from "./image-incomplete.ts";
import { imageKeyringMissing } from "./image-keyring-missing.ts";
import { imageLoaderMissing } from "./image-loader-missing.ts";
import { imageLockFailed } from "./image-lock-failed.ts";
import { imageManifestInvalid } from "./image-manifest-invalid.ts";
import { imageMirrorUnreachable } from "./image-mirror-unreachable.ts";
import { imageMirrorUntrusted } from "./image-mirror-untrusted.ts";
import { imageMissing } from "./image-missing.ts";
import { imageNoSpace } from "./image-no-space.ts";
import { imageNodeMissing } from "./image-node-missing.ts";
import { imageNotForMemory } from "./image-not-for-memory.ts";
import { imageNotRoot } from "./image-not-root.ts";
import { imageProgramMissing } from "./image-program-missing.ts";
import { imageSizeMismatch } from "./image-size-mismatch.ts";
import { imageStoreFailed } from "./image-store-failed.ts";
import { imageTransferBroken } from "./image-transfer-broken.ts";
import { imageUnavailable } from "./image-unavailable.ts";
import { imageUnknown } from "./image-unknown.ts";
import { imageUnpackFailed } from "./image-unpack-failed.ts";
import { imageUnusable } from "./image-unusable.ts";
import { installedSystemSilent } from "./installed-system-silent.ts";
import { internalError } from "./internal-error.ts";
import { inventoryMissing } from "./inventory-missing.ts";
import { kernelCut } from "./kernel-cut.ts";
import { kernelNotFetched } from "./kernel-not-fetched.ts";
import { ldapUnreachable } from "./ldap-unreachable.ts";
import { linkBusy } from "./link-busy.ts";
import { linkHandlerFailed } from "./link-handler-failed.ts";
import { linkLost } from "./link-lost.ts";
import { linkMessageInvalid } from "./link-message-invalid.ts";
import { linkMethodUnknown } from "./link-method-unknown.ts";
import { linkTimeout } from "./link-timeout.ts";
import { loaderCut } from "./loader-cut.ts";
import { loaderNotFetched } from "./loader-not-fetched.ts";
import { macTaken } from "./mac-taken.ts";
import { machineClockOff } from "./machine-clock-off.ts";
import { machineIdentityTaken } from "./machine-identity-taken.ts";
import { machineLocked } from "./machine-locked.ts";
import { machineNotReady } from "./machine-not-ready.ts";
import { markedBroken } from "./marked-broken.ts";
import { memorySystemSilent } from "./memory-system-silent.ts";
import { memoryTooSmall } from "./memory-too-small.ts";
import { methodNotAllowed } from "./method-not-allowed.ts";
import { networkMissing } from "./network-missing.ts";
import { networkNotApplied } from "./network-not-applied.ts";
import { networkNotDeployable } from "./network-not-deployable.ts";
import { noDhcpRequest } from "./no-dhcp-request.ts";
import { noDynamicRange } from "./no-dynamic-range.ts";
import { noFreeAddress } from "./no-free-address.ts";
import { noMachineAvailable } from "./no-machine-available.ts";
import { noPowerDriver } from "./no-power-driver.ts";
import { noRack } from "./no-rack.ts";
import { noSubnet } from "./no-subnet.ts";
import { noSuchRoute } from "./no-such-route.ts";
import { notAllowed } from "./not-allowed.ts";
import { notAuthenticated } from "./not-authenticated.ts";
import { notCommissioned } from "./not-commissioned.ts";
import { notFound } from "./not-found.ts";
import { notInstalled } from "./not-installed.ts";
import { notOwned } from "./not-owned.ts";
import { notRebooted } from "./not-rebooted.ts";
import { notYours } from "./not-yours.ts";
import { oidcFailed } from "./oidc-failed.ts";
import { optionsLeftOut } from "./options-left-out.ts";
import { outOfMemory } from "./out-of-memory.ts";
import { packagesNotInstalled } from "./packages-not-installed.ts";
import { powerError } from "./power-error.ts";
import { powerNotFinished } from "./power-not-finished.ts";
import { preconditionFailed } from "./precondition-failed.ts";
import { rackDeviceUnknown } from "./rack-device-unknown.ts";
import { rackDiskFull } from "./rack-disk-full.ts";
import { rackNotLinked } from "./rack-not-linked.ts";
import { rackSecretWrong } from "./rack-secret-wrong.ts";
import { rackUnreachable } from "./rack-unreachable.ts";
import { regionUnreachable } from "./region-unreachable.ts";
import { rootImageNotFetched } from "./root-image-not-fetched.ts";
import { rootMissing } from "./root-missing.ts";
import { scriptFailed } from "./script-failed.ts";
import { scriptHeaderInvalid } from "./script-header-invalid.ts";
import { scriptNotAsked } from "./script-not-asked.ts";
import { scriptNotRun } from "./script-not-run.ts";
import { scriptTimedOut } from "./script-timed-out.ts";
import { signalledFailure } from "./signalled-failure.ts";
import { stateConflict } from "./state-conflict.ts";
import { stillDeployed } from "./still-deployed.ts";
import { storageFailed } from "./storage-failed.ts";
import { storageUnsupported } from "./storage-unsupported.ts";
import { subnetOverlap } from "./subnet-overlap.ts";
import { tooManyAttempts } from "./too-many-attempts.ts";
import { tooManyStreams } from "./too-many-streams.ts";
import { unexplained } from "./unexplained.ts";
import { unknownSubnet } from "./unknown-subnet.ts";
import { userDataUnusable } from "./user-data-unusable.ts";
import { wrongPassword } from "./wrong-password.ts";

export * from "./address-in-use.ts";
export * from "./addresses-exhausted.ts";
export * from "./agent-defect.ts";
export * from "./agent-failed.ts";
export * from "./agent-not-started.ts";
export * from "./agent-silent.ts";
export * from "./answer-not-kept.ts";
export * from "./architecture-mismatch.ts";
export * from "./architecture-unknown.ts";
export * from "./architecture-unsupported.ts";
export * from "./bad-input.ts";
export * from "./bad-request.ts";
export * from "./bad-token.ts";
export * from "./bmc-auth.ts";
export * from "./bmc-busy.ts";
export * from "./bmc-lies.ts";
export * from "./bmc-malformed.ts";
export * from "./bmc-refused.ts";
export * from "./bmc-settings.ts";
export * from "./bmc-unreachable.ts";
export * from "./boot-decision-unavailable.ts";
export * from "./boot-loader-failed.ts";
export * from "./boot-loader-missing.ts";
export * from "./cloudinit-failed.ts";
export * from "./cloudinit-silent.ts";
export * from "./csrf-token.ts";
export * from "./database-disk-full.ts";
export * from "./database-down.ts";
export * from "./database-unusable.ts";
export * from "./dhcp-defect.ts";
export * from "./dhcp-malformed.ts";
export * from "./dhcp-no-offer.ts";
export * from "./dhcp-not-served.ts";
export * from "./dhcp-offer-not-taken.ts";
export * from "./disk-missing.ts";
export * from "./disk-too-small.ts";
export * from "./disks-not-erased.ts";
export * from "./ephemeral-image-missing.ts";
export * from "./erase-aborted.ts";
export * from "./foreign-dhcp-server.ts";
export * from "./host-missing.ts";
export * from "./idempotency-key-busy.ts";
export * from "./idempotency-key-reused.ts";
export * from "./identity-shared.ts";
export * from "./image-agent-missing.ts";
export * from "./image-build-failed.ts";
export * from "./image-build-stopped.ts";
export * from "./image-fetch-failed.ts";
export * from "./image-hash-mismatch.ts";
export * from "./image-incomplete.ts";
export * from "./image-keyring-missing.ts";
export * from "./image-loader-missing.ts";
export * from "./image-lock-failed.ts";
export * from "./image-manifest-invalid.ts";
export * from "./image-mirror-unreachable.ts";
export * from "./image-mirror-untrusted.ts";
export * from "./image-missing.ts";
export * from "./image-no-space.ts";
export * from "./image-node-missing.ts";
export * from "./image-not-for-memory.ts";
export * from "./image-not-root.ts";
export * from "./image-program-missing.ts";
export * from "./image-size-mismatch.ts";
export * from "./image-store-failed.ts";
export * from "./image-transfer-broken.ts";
export * from "./image-unavailable.ts";
export * from "./image-unknown.ts";
export * from "./image-unpack-failed.ts";
export * from "./image-unusable.ts";
export * from "./installed-system-silent.ts";
export * from "./internal-error.ts";
export * from "./inventory-missing.ts";
export * from "./kernel-cut.ts";
export * from "./kernel-not-fetched.ts";
export * from "./ldap-unreachable.ts";
export * from "./link-busy.ts";
export * from "./link-handler-failed.ts";
export * from "./link-lost.ts";
export * from "./link-message-invalid.ts";
export * from "./link-method-unknown.ts";
export * from "./link-timeout.ts";
export * from "./loader-cut.ts";
export * from "./loader-not-fetched.ts";
export * from "./mac-taken.ts";
export * from "./machine-clock-off.ts";
export * from "./machine-identity-taken.ts";
export * from "./machine-locked.ts";
export * from "./machine-not-ready.ts";
export * from "./marked-broken.ts";
export * from "./memory-system-silent.ts";
export * from "./memory-too-small.ts";
export * from "./method-not-allowed.ts";
export * from "./network-missing.ts";
export * from "./network-not-applied.ts";
export * from "./network-not-deployable.ts";
export * from "./no-dhcp-request.ts";
export * from "./no-dynamic-range.ts";
export * from "./no-free-address.ts";
export * from "./no-machine-available.ts";
export * from "./no-power-driver.ts";
export * from "./no-rack.ts";
export * from "./no-subnet.ts";
export * from "./no-such-route.ts";
export * from "./not-allowed.ts";
export * from "./not-authenticated.ts";
export * from "./not-commissioned.ts";
export * from "./not-found.ts";
export * from "./not-installed.ts";
export * from "./not-owned.ts";
export * from "./not-rebooted.ts";
export * from "./not-yours.ts";
export * from "./oidc-failed.ts";
export * from "./options-left-out.ts";
export * from "./out-of-memory.ts";
export * from "./packages-not-installed.ts";
export * from "./power-error.ts";
export * from "./power-not-finished.ts";
export * from "./precondition-failed.ts";
export * from "./rack-device-unknown.ts";
export * from "./rack-disk-full.ts";
export * from "./rack-not-linked.ts";
export * from "./rack-secret-wrong.ts";
export * from "./rack-unreachable.ts";
export * from "./region-unreachable.ts";
export * from "./root-image-not-fetched.ts";
export * from "./root-missing.ts";
export * from "./script-failed.ts";
export * from "./script-header-invalid.ts";
export * from "./script-not-asked.ts";
export * from "./script-not-run.ts";
export * from "./script-timed-out.ts";
export * from "./signalled-failure.ts";
export * from "./state-conflict.ts";
export * from "./still-deployed.ts";
export * from "./storage-failed.ts";
export * from "./storage-unsupported.ts";
export * from "./subnet-overlap.ts";
export * from "./too-many-attempts.ts";
export * from "./too-many-streams.ts";
export * from "./unexplained.ts";
export * from "./unknown-subnet.ts";
export * from "./user-data-unusable.ts";
export * from "./wrong-password.ts";

/** Every cause of failure, in the order of the codes. */
export const catalogue = [
  addressInUse,
  addressesExhausted,
  agentDefect,
  agentFailed,
  agentNotStarted,
  agentSilent,
  answerNotKept,
  architectureMismatch,
  architectureUnknown,
  architectureUnsupported,
  badInput,
  badRequest,
  badToken,
  bmcAuth,
  bmcBusy,
  bmcLies,
  bmcMalformed,
  bmcRefused,
  bmcSettings,
  bmcUnreachable,
  bootDecisionUnavailable,
  bootLoaderFailed,
  bootLoaderMissing,
  cloudinitFailed,
  cloudinitSilent,
  csrfToken,
  databaseDiskFull,
  databaseDown,
  databaseUnusable,
  dhcpDefect,
  dhcpMalformed,
  dhcpNoOffer,
  dhcpNotServed,
  dhcpOfferNotTaken,
  diskMissing,
  diskTooSmall,
  disksNotErased,
  ephemeralImageMissing,
  eraseAborted,
  foreignDhcpServer,
  hostMissing,
  idempotencyKeyBusy,
  idempotencyKeyReused,
  identityShared,
  imageAgentMissing,
  imageBuildFailed,
  imageBuildStopped,
  imageFetchFailed,
  imageHashMismatch,
  imageIncomplete,
  imageKeyringMissing,
  imageLoaderMissing,
  imageLockFailed,
  imageManifestInvalid,
  imageMirrorUnreachable,
  imageMirrorUntrusted,
  imageMissing,
  imageNoSpace,
  imageNodeMissing,
  imageNotForMemory,
  imageNotRoot,
  imageProgramMissing,
  imageSizeMismatch,
  imageStoreFailed,
  imageTransferBroken,
  imageUnavailable,
  imageUnknown,
  imageUnpackFailed,
  imageUnusable,
  installedSystemSilent,
  internalError,
  inventoryMissing,
  kernelCut,
  kernelNotFetched,
  ldapUnreachable,
  linkBusy,
  linkHandlerFailed,
  linkLost,
  linkMessageInvalid,
  linkMethodUnknown,
  linkTimeout,
  loaderCut,
  loaderNotFetched,
  macTaken,
  machineClockOff,
  machineIdentityTaken,
  machineLocked,
  machineNotReady,
  markedBroken,
  memorySystemSilent,
  memoryTooSmall,
  methodNotAllowed,
  networkMissing,
  networkNotApplied,
  networkNotDeployable,
  noDhcpRequest,
  noDynamicRange,
  noFreeAddress,
  noMachineAvailable,
  noPowerDriver,
  noRack,
  noSubnet,
  noSuchRoute,
  notAllowed,
  notAuthenticated,
  notCommissioned,
  notFound,
  notInstalled,
  notOwned,
  notRebooted,
  notYours,
  oidcFailed,
  optionsLeftOut,
  outOfMemory,
  packagesNotInstalled,
  powerError,
  powerNotFinished,
  preconditionFailed,
  rackDeviceUnknown,
  rackDiskFull,
  rackNotLinked,
  rackSecretWrong,
  rackUnreachable,
  regionUnreachable,
  rootImageNotFetched,
  rootMissing,
  scriptFailed,
  scriptHeaderInvalid,
  scriptNotAsked,
  scriptNotRun,
  scriptTimedOut,
  signalledFailure,
  stateConflict,
  stillDeployed,
  storageFailed,
  storageUnsupported,
  subnetOverlap,
  tooManyAttempts,
  tooManyStreams,
  unexplained,
  unknownSubnet,
  userDataUnusable,
  wrongPassword,
] as const;

/** The code of a cause in the catalogue. */
export type CauseCode = (typeof catalogue)[number]["code"];
