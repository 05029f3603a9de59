/** What the operator allowed. Each risk has its own flag and none implies another; naming a sale by `--id` is consent. */
export interface Consent {
  readonly named: boolean;
  readonly acceptDuplicate: boolean;
  readonly withoutProof: boolean;
  readonly evenAccepted: boolean;
  /** Revert a window even while the workers are not well. */
  readonly ignoreWorkers: boolean;
}

export const noConsent: Consent = {
  named: false,
  acceptDuplicate: false,
  withoutProof: false,
  evenAccepted: false,
  ignoreWorkers: false,
};
