"""MLServer and onnxruntime: the Open Inference Protocol V2, in JSON."""

import numpy as np
import onnxruntime as ort
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver.utils import get_model_uri


class Digits(MLModel):
    async def load(self) -> bool:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1  # each system has one core
        self.session = ort.InferenceSession(await get_model_uri(self._settings), options)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Images n×28×28×1, 0 to 255 or 0 to 1."""
        x = NumpyCodec.decode_input(payload.inputs[0]).astype(np.float32)
        if x.max() > 1:
            x /= 255
        scores = self.session.run(None, {"images": x})[0]
        output = NumpyCodec.encode_output("probabilities", scores)
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=[output])
