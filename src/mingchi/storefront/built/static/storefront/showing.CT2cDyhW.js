import{o,L as a}from"./index-V_nKV6yL.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
