"""Who holds it, and who is next: the matrix of connections between systems, their feeds, ladders and owned steps."""

from ownership.models.changes import Change, Confirmation, Reconciliation
from ownership.models.climbing import Escalation, Step, StepFile, Summons
from ownership.models.covering import Checkpoint, Cover, Override, OverrideReview, OverrideUse, Simulation
from ownership.models.feeds import Feed, FeedFile, FeedRun, Hold, HoldEntry, Trigger, TriggerCall
from ownership.models.matrix import Path, Process, ProcessChange, Stage, System
from ownership.models.playbooks import Playbook, PlaybookRun, PlaybookStep, RunStep, RunStepFile
from ownership.models.roles import Leave, OwnerRole, Rotation, RotationPlace, Swap
from ownership.models.rungs import Action, Ladder, LadderChange, LadderTest, Proof, Rung, usual_channels
from ownership.models.vendors import CutOff, CutOffNotice, DataField, SamplePack, SpecCheck, Vendor

__all__ = [
    "Action", "Change", "Checkpoint", "Confirmation", "Cover", "CutOff", "CutOffNotice", "DataField", "Escalation", "Feed", "FeedFile",
    "FeedRun", "Hold", "HoldEntry", "Ladder", "LadderChange", "LadderTest", "Leave", "Override", "OverrideReview", "OverrideUse",
    "OwnerRole", "Path", "Playbook", "PlaybookRun", "PlaybookStep", "Process", "ProcessChange", "Proof", "Reconciliation", "Rotation",
    "RotationPlace", "RunStep", "RunStepFile", "Rung", "SamplePack", "Simulation", "SpecCheck", "Stage", "Step", "StepFile", "Summons",
    "Swap", "System", "Trigger", "TriggerCall", "Vendor", "usual_channels",
]  # fmt: skip
