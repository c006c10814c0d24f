"""MLServer and onnxruntime: the Open Inference Protocol V2, in JSON."""

import numpy as np
import onnxruntime as ort
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver.utils import get_model_uri


class Digits(MLModel):
    """A custom runtime, as MLServer's documentation writes one."""

    async def load(self) -> bool:
        """Loads the model that the settings name."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1  # one core is what each system gets
        self.session = ort.InferenceSession(await get_model_uri(self._settings), options)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Pictures n×28×28×1, 0 to 255 or 0 to 1, in; n×10 probabilities out."""
        x = NumpyCodec.decode_input(payload.inputs[0]).astype(np.float32)
        if x.max() > 1:
            x /= 255
        scores = self.session.run(None, {"images": x})[0]
        output = NumpyCodec.encode_output("probabilities", scores)
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=[output])
