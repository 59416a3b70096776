const marks=document.querySelectorAll("[data-v]"),show=document.getElementById("show"),state=document.getElementById("state");
show.onclick=()=>{const on=show.getAttribute("aria-pressed")!=="true";show.setAttribute("aria-pressed",on);
show.textContent=on?"Hide values":"Show values";marks.forEach(m=>m.textContent=on?m.dataset.v:"\u2588".repeat(5));};
document.querySelectorAll("tr[data-id] input").forEach(box=>box.onchange=()=>{box.closest("tr").classList.toggle("kept",!box.checked);
const kept=document.querySelectorAll("tr.kept").length;state.textContent=kept+" stay"+(kept===1?"s":"")+"; not saved yet";});
document.getElementById("save").onclick=()=>{const inputs=[...document.querySelectorAll("section")].map(s=>({file:s.dataset.file,sha256:s.dataset.sha256,
keep:[...s.querySelectorAll("tr.kept")].map(r=>r.dataset.id)}));
const link=document.createElement("a");link.href=URL.createObjectURL(new Blob([JSON.stringify({schema:"decisions/1",inputs},null,1)+"\n"],{type:"application/json"}));
link.download="decisions.json";link.click();state.textContent="saved as decisions.json";};
