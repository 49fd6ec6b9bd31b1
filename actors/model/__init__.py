"""The model as it serves: from a folder on disk to decisions.

- `library`: LightGBM, imported without the packages it would drag along.
- `engines`: what turns rows into scores: LightGBM, or machine code for the same trees; always on one thread.
- `model_file`: the booster's file, read as data: nothing in it is run.
- `manifest`: what a model folder says about itself.
- `golden`: rows with known scores, by which a loaded model proves that it is the one that was trained.
- `reference`: how scores and features were distributed in training, for drift.
- `proof`: what a model folder must prove before it is believed.
- `artifact`: a model folder, loaded and verified, or written.
- `verification`: a candidate that may be damaged, first loaded in a child process.
- `slot`: the model that serves now, and swapping it between two batches.
- `releases`: models that follow each other in the slot: release, refusal, rollback.
- `scoring`: the port where feature rows become scores, and its adapter in this process.
- `policy`: thresholds that turn a score into a decision.
- `failure_policy`: what is decided when something failed, if not as the ladder says.
- `rules`: decisions without a model, the lower rungs of the ladder.
"""
