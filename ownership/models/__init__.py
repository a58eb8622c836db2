"""Who holds it, and who is next: the matrix of connections between systems, their feeds, ladders and owned steps."""

from ownership.models.climbing import Escalation, Step, StepFile, Summons
from ownership.models.matrix import Feed, FeedRun, Path, Process, ProcessChange, Stage, System
from ownership.models.roles import Leave, OwnerRole, Rotation, RotationPlace, Swap
from ownership.models.rungs import Action, Ladder, LadderChange, LadderTest, Proof, Rung, usual_channels

__all__ = [
    "Action", "Escalation", "Feed", "FeedRun", "Ladder", "LadderChange", "LadderTest", "Leave", "OwnerRole", "Path", "Process",
    "ProcessChange", "Proof",
    "Rotation", "RotationPlace", "Rung", "Stage", "Step", "StepFile", "Summons", "Swap", "System", "usual_channels",
]  # fmt: skip
